import type { TracePart } from './trace-index.ts'

const ERROR = 2

export interface TraceSummary {
  /** Name of the root span, empty as long as it has not arrived. */
  readonly rootName: string
  readonly rootService: string
  /** Nanoseconds since the epoch of the earliest span. */
  readonly startNanos: bigint
  /** From the earliest start to the latest end, nanoseconds. */
  readonly durationNanos: number
  /** Spans and failed spans by `service.name`. */
  readonly services: ReadonlyMap<string, { readonly spanCount: number; readonly errorCount: number }>
}

/** What Tempo tells of a whole trace in a search. A span that was stored twice (a retried export) counts once. */
export function summarize(parts: readonly TracePart[]): TraceSummary {
  let rootName = ''
  let rootService = ''
  let start: bigint | undefined
  let end = 0n
  const services = new Map<string, { spanCount: number; errorCount: number }>()
  const seen = new Set<string>()
  for (const { index, trace } of parts) {
    const serviceKey = index.keys.find('service.name')
    for (const row of index.spansOf(trace)) {
      const identity = `${index.spanId(row)}${index.kind(row)}`
      if (seen.has(identity)) continue
      seen.add(identity)
      const service =
        serviceKey === undefined ? undefined : index.resourceAttributes.get(index.resource(row), serviceKey)
      const serviceName = typeof service === 'string' ? service : ''
      const spanStart = index.start(row)
      const spanEnd = spanStart + BigInt(Math.round(index.duration(row)))
      if (start === undefined || spanStart < start) start = spanStart
      if (spanEnd > end) end = spanEnd
      if (index.isRoot(row)) {
        rootName = index.name(row)
        rootService = serviceName
      }
      const count = services.get(serviceName) ?? { spanCount: 0, errorCount: 0 }
      count.spanCount += 1
      if (index.status(row) === ERROR) count.errorCount += 1
      services.set(serviceName, count)
    }
  }
  const startNanos = start ?? 0n
  return { rootName, rootService, startNanos, durationNanos: Number(end - startNanos), services }
}
