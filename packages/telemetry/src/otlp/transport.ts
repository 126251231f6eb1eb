import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { context, ROOT_CONTEXT } from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import { PbfReader } from 'pbf'
import type { SignalExporterOptions } from './exporter-options.ts'

const gzipAsync = promisify(gzip)
/** The answer holds at most a partial-success message. */
const MAX_ANSWER_BYTES = 64 * 1024
/** Retryable answers: https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes */
const RETRYABLE = new Set([429, 502, 503, 504])

export type SendResult =
  | { readonly outcome: 'success'; readonly rejected: number }
  | { readonly outcome: 'retryable'; readonly detail: string; readonly retryAfterMs?: number }
  | { readonly outcome: 'refused'; readonly detail: string }

type TransportOptions = Pick<SignalExporterOptions, 'url' | 'headers' | 'compression' | 'timeoutMs' | 'tls'>

/**
 * Posts encoded requests to one OTLP/HTTP address over kept-alive connections of node:http. Instrumentation of
 * node:http and undici leaves them alone, as tracing is suppressed.
 */
export class OtlpTransport {
  readonly #options: TransportOptions
  readonly #agent: HttpAgent
  readonly #request: typeof httpRequest

  /** @throws TypeError when the URL is not one of http or https */
  constructor(options: TransportOptions) {
    const { protocol } = new URL(options.url)
    if (protocol !== 'http:' && protocol !== 'https:')
      throw new TypeError(`OTLP endpoint must be http(s): ${options.url}`)
    this.#options = options
    // HTTP_PROXY, HTTPS_PROXY and NO_PROXY; Node before 22.21 and 24.5 does not know the option.
    const agentOptions = { keepAlive: true, maxSockets: 2, proxyEnv: process.env }
    this.#agent =
      protocol === 'https:'
        ? new HttpsAgent({ ...agentOptions, ...options.tls })
        : new HttpAgent(agentOptions)
    this.#request = protocol === 'https:' ? httpsRequest : httpRequest
  }

  get url(): string {
    return this.#options.url
  }

  /** Sends one request once. Never throws: a network failure is a retryable result. */
  async send(body: Uint8Array, signal: AbortSignal): Promise<SendResult> {
    let timeout: AbortSignal | undefined
    try {
      timeout = AbortSignal.timeout(this.#options.timeoutMs)
      const compressed = this.#options.compression === 'gzip'
      const payload = compressed ? await gzipAsync(body) : body
      const { response, answer } = await this.#post(payload, compressed, AbortSignal.any([signal, timeout]))
      return interpret(response, answer)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      return { outcome: 'retryable', detail: timeout?.aborted ? 'timeout' : (code ?? message) }
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  #post(
    payload: Uint8Array,
    compressed: boolean,
    signal: AbortSignal,
  ): Promise<{ response: IncomingMessage; answer: Buffer }> {
    const { url, headers } = this.#options
    const options = {
      method: 'POST',
      agent: this.#agent,
      signal,
      headers: {
        ...headers,
        'content-type': 'application/x-protobuf',
        'content-length': payload.byteLength,
        ...(compressed && { 'content-encoding': 'gzip' }),
      },
    }
    return new Promise((resolve, reject) => {
      const request = context.with(suppressTracing(ROOT_CONTEXT), () => this.#request(url, options))
      request.on('response', (response) => {
        const chunks: Buffer[] = []
        let size = 0
        response.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size <= MAX_ANSWER_BYTES) chunks.push(chunk)
        })
        response.on('end', () => resolve({ response, answer: Buffer.concat(chunks) }))
        response.on('error', reject)
      })
      request.on('error', reject)
      request.end(payload)
    })
  }
}

function interpret(response: IncomingMessage, answer: Buffer): SendResult {
  const status = response.statusCode ?? 0
  if (status >= 200 && status < 300) return { outcome: 'success', rejected: rejectedIn(answer) }
  const detail = `HTTP ${status}`
  if (!RETRYABLE.has(status)) return { outcome: 'refused', detail }
  const retryAfterMs = parseRetryAfter(response.headers['retry-after'], Date.now())
  return { outcome: 'retryable', detail, ...(retryAfterMs !== undefined && { retryAfterMs }) }
}

/** `Export*ServiceResponse.partial_success` with its rejected count, alike for all signals; both are field 1. */
function rejectedIn(answer: Buffer): number {
  const partial = { rejected: 0 }
  try {
    new PbfReader(answer).readFields((tag, _result, pbf) => {
      if (tag === 1) pbf.readMessage(readPartial, partial)
    }, partial)
  } catch {
    // An answer that is not protobuf still had a status of success.
  }
  return partial.rejected
}

function readPartial(tag: number, partial: { rejected: number }, pbf: PbfReader): void {
  if (tag === 1) partial.rejected = pbf.readVarint()
}

/** `Retry-After` as milliseconds from now: seconds or an HTTP date, which has letters (RFC 9110, 10.2.3). */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1_000
  if (!/[a-z]/i.test(header)) return undefined
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs)
}
