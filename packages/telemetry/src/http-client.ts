import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import {
  context,
  propagation,
  type Span,
  SpanKind,
  type TextMapSetter,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { knownMethod, spanMethod, withoutQuery } from './http.ts'
import { attributesOf, errorTypeOf, recordFailure, toHrTime } from './spans.ts'

const OPERATION = Symbol('faultline http client operation')

/** What undici 5 to 8, Node's own copy included, publish on their diagnostics channels. */
interface UndiciRequest {
  readonly origin: string | URL
  readonly path: string
  readonly method: string
  /** Text in undici 5, later a flat list. */
  headers: string | unknown[]
  addHeader(name: string, value: string): unknown
  [OPERATION]?: { readonly span: Span; status: number | undefined } | undefined
}

/** What the channels publish: each of them some of it. */
interface Message {
  readonly request: UndiciRequest
  readonly response: { readonly statusCode: number }
  readonly error: unknown
}

export interface HttpClientInstrumentation {
  setPeerService(origin: string, name: string): void
  stop(): void
}

/**
 * Client spans and header injection for every request of every copy of undici, `fetch` included.
 * @param peerServices name by origin; strangers are handed no baggage
 */
export function instrumentHttpClient(
  tracer: Tracer,
  peerServices: Readonly<Record<string, string>>,
): HttpClientInstrumentation {
  const origins = new Origins(peerServices)

  function onCreate({ request }: Message): void {
    const origin = origins.lookUp(typeof request.origin === 'string' ? request.origin : request.origin.origin)
    const active = context.active()
    const method = knownMethod(request.method)
    const options = { kind: SpanKind.CLIENT, startTime: toHrTime() }
    const span = tracer.startSpan(spanMethod(method), options, active)
    const attributes = attributesOf(span)
    attributes['http.request.method'] = method
    // Queries may hold secrets and would make it differ for each request.
    span.setAttribute('url.full', origin.url + withoutQuery(request.path))
    attributes['server.address'] = origin.host
    attributes['server.port'] = origin.port
    if (origin.peerService !== '') attributes['peer.service'] = origin.peerService
    const base = origin.peerService === '' ? propagation.deleteBaggage(active) : active
    propagation.inject(trace.setSpan(base, span), request, headerSetter)
    request[OPERATION] = { span, status: undefined }
  }

  function onHeaders({ request, response }: Message): void {
    const operation = request[OPERATION]
    if (operation) operation.status = response.statusCode
  }

  // The body has arrived: published at the end of the response, not when its reader closes it.
  function onTrailers({ request }: Message): void {
    finish(request, undefined, undefined)
  }

  function onError({ request, error }: Message): void {
    finish(request, errorTypeOf(error), error)
  }

  const channels = [
    ['undici:request:create', onCreate],
    ['undici:request:headers', onHeaders],
    ['undici:request:trailers', onTrailers],
    ['undici:request:error', onError],
  ] as [string, (message: unknown) => void][]
  for (const [name, listener] of channels) subscribe(name, listener)

  return {
    setPeerService: (origin, name) => origins.name(origin, name),
    stop() {
      for (const [name, listener] of channels) unsubscribe(name, listener)
    },
  }
}

function finish(request: UndiciRequest, failure: string | undefined, error: unknown): void {
  const operation = request[OPERATION]
  if (!operation) return
  request[OPERATION] = undefined
  const { span, status } = operation
  // For a client, 4xx is an error as well: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status
  const errorType = failure ?? (status !== undefined && status >= 400 ? String(status) : undefined)
  const attributes = attributesOf(span)
  if (status !== undefined) attributes['http.response.status_code'] = status
  if (errorType !== undefined) {
    attributes['error.type'] = errorType
    recordFailure(span, error)
  }
  span.end(toHrTime())
}

/**
 * Sets a header that the request may have already: a gateway that forwards its caller's headers, or a hand that
 * injects, must not make two of what has to be one.
 */
const headerSetter: TextMapSetter<UndiciRequest> = {
  set(request, name, value) {
    const { headers } = request
    if (Array.isArray(headers)) {
      for (let index = headers.length - 2; index >= 0; index -= 2) {
        if (isNamed(headers[index], name)) headers.splice(index, 2)
      }
    } else if (headers.toLowerCase().includes(`${name}:`)) {
      const lines = headers.split('\r\n').filter((line) => !isNamed(line.split(':', 1)[0], name))
      request.headers = lines.join('\r\n')
    }
    request.addHeader(name, value)
  },
}

function isNamed(header: unknown, name: string): boolean {
  return typeof header === 'string' && header.length === name.length && header.toLowerCase() === name
}

/** Origins that are remembered; a service that calls more pays for parsing again. */
const MAX_ORIGINS = 256

/** What is said of a server that is called. */
interface Origin {
  readonly url: string
  readonly host: string
  readonly port: number
  /** Name of the service; empty for a stranger. */
  readonly peerService: string
}

/** Who is behind an address, which a proxy's address does not tell. */
class Origins {
  readonly #known = new Map<string, Origin>()
  readonly #peerServices = new Map<string, string>()

  constructor(peerServices: Readonly<Record<string, string>>) {
    for (const [origin, name] of Object.entries(peerServices)) this.name(origin, name)
  }

  name(origin: string, peerService: string): void {
    // As `new URL().origin` spells it, so that a trailing slash or a default port does not matter.
    this.#peerServices.set(URL.parse(origin)?.origin ?? origin, peerService)
    this.#known.clear()
  }

  lookUp(origin: string): Origin {
    let known = this.#known.get(origin)
    if (!known) {
      const unparsed = { origin, hostname: origin, protocol: '', port: '' }
      const { origin: url, hostname: host, protocol, port } = URL.parse(origin) ?? unparsed
      const peerService = this.#peerServices.get(url) ?? ''
      known = { url, host, port: Number(port || (protocol === 'https:' ? 443 : 80)), peerService }
      if (this.#known.size < MAX_ORIGINS) this.#known.set(origin, known)
    }
    return known
  }
}
