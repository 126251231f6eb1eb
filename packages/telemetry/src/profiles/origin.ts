/** What a profile sample ran for. */
export interface SampleOrigin {
  readonly traceId: string
  readonly spanId: string
  /** Undefined until the router has run, and where there is none; read when a window is encoded. */
  route: string | undefined
  /** Of the message that was processed; a request has none. */
  readonly destination?: string
}
