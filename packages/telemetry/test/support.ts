import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { OtlpReceiver } from '@faultline/test-support/otlp-receiver'
import type Koa from 'koa'
import { startTelemetry, type Telemetry, type TelemetryOptions } from '../src/index.ts'

/** A Koa application that listens, with telemetry into a receiver of its own. */
export class TestService implements AsyncDisposable {
  readonly telemetry: Telemetry
  readonly receiver: OtlpReceiver
  readonly #servers: Server[] = []

  static async start(options: TelemetryOptions = {}): Promise<TestService> {
    return new TestService(await OtlpReceiver.start(), options)
  }

  private constructor(receiver: OtlpReceiver, options: TelemetryOptions) {
    this.receiver = receiver
    this.telemetry = startTelemetry({
      serviceName: 'test',
      serviceInstanceId: 'test-1',
      profiles: false,
      ...options,
      exporter: { endpoint: receiver.endpoint, ...options.exporter },
      logs: options.logs === false ? false : { stdout: false, ...options.logs },
    })
  }

  /** @returns the application's base URL */
  async listen(app: Koa): Promise<string> {
    app.silent = true
    const server = app.listen(0, '127.0.0.1')
    this.#servers.push(server)
    await once(server, 'listening')
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  /** Lines of the scrape answer that begin with `name` and a label or a space. */
  async scrape(name: string): Promise<string[]> {
    const { body } = await this.telemetry.metrics()
    return body.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) {
      server.close()
      server.closeAllConnections()
    }
    await this.telemetry.shutdown(500)
    await this.receiver[Symbol.asyncDispose]()
  }
}

/** Trace and span id of a sample's exemplar. */
export function exemplarOf(line: string): { traceId: string; spanId: string } | undefined {
  const [, traceId, spanId] = / # \{trace_id="([\da-f]{32})",span_id="([\da-f]{16})"\} /.exec(line) ?? []
  return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId }
}
