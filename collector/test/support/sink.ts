import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import type {
  DataPoint,
  LogRecord,
  LogsRequest,
  Metric,
  MetricsRequest,
  Span,
  TracesRequest,
} from '@faultline/test-support/otlp'

export interface ReceivedPoint {
  readonly metric: string
  readonly resource: MetricsResource
  readonly point: DataPoint
}

type MetricsResource = NonNullable<NonNullable<MetricsRequest['resourceMetrics']>[number]['resource']>

/** One server in the place of all four backends: keeps what it is sent, as OTLP JSON. */
export class Sink implements AsyncDisposable {
  readonly requests: { readonly path: string; readonly body: unknown }[] = []
  #server: Server | undefined
  #port = 0

  static async start(): Promise<Sink> {
    const sink = new Sink()
    await sink.up()
    return sink
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Everything received so far, as text: what must never be in it is looked for here. */
  get text(): string {
    return JSON.stringify(this.requests)
  }

  get spans(): readonly Span[] {
    return this.#bodies<TracesRequest>('/v1/traces').flatMap((body) =>
      (body.resourceSpans ?? []).flatMap((resource) =>
        (resource.scopeSpans ?? []).flatMap((scope) => scope.spans ?? []),
      ),
    )
  }

  get logRecords(): readonly LogRecord[] {
    return this.#bodies<LogsRequest>('/v1/logs').flatMap((body) =>
      (body.resourceLogs ?? []).flatMap((resource) =>
        (resource.scopeLogs ?? []).flatMap((scope) => scope.logRecords ?? []),
      ),
    )
  }

  /** All data points of a metric, in the order of their arrival. */
  points(metric: string): readonly ReceivedPoint[] {
    const pointsOf = (found: Metric): readonly DataPoint[] =>
      (found.sum ?? found.gauge ?? found.histogram)?.dataPoints ?? []
    return this.#bodies<MetricsRequest>('/v1/metrics').flatMap((body) =>
      (body.resourceMetrics ?? []).flatMap(({ resource, scopeMetrics }) =>
        (scopeMetrics ?? [])
          .flatMap((scope) => scope.metrics ?? [])
          .filter(({ name }) => name === metric)
          .flatMap((found) => pointsOf(found).map((point) => ({ metric, resource: resource ?? {}, point }))),
      ),
    )
  }

  profiles(): readonly unknown[] {
    return this.#bodies('/v1development/profiles')
  }

  /** Starts to listen, on the same port as before. */
  async up(): Promise<void> {
    const server = createServer(async (request, response) => {
      const body = await json(request)
      this.requests.push({ path: request.url ?? '', body })
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#port, '127.0.0.1', resolve)
    })
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
  }

  /** Stops to listen and drops all connections. */
  async down(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down()
  }

  #bodies<Body>(path: string): readonly Body[] {
    return this.requests
      .filter((request) => request.path.endsWith(path))
      .map((request) => request.body as Body)
  }
}
