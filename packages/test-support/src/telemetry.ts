import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Telemetry } from '@faultline/telemetry'
import type Koa from 'koa'
import { pino } from 'pino'
import { type OpenMetricsContentType, Registry } from 'prom-client'

/** The parts of telemetry that services use. */
export type TestTelemetry = Pick<
  Telemetry,
  'logger' | 'register' | 'middleware' | 'instrumentPool' | 'messaging' | 'withBaggage' | 'exemplar'
> & {
  /** Value of a counter or gauge with exactly these labels; 0 when there is none. */
  value(metric: string, labels?: Readonly<Record<string, string>>): Promise<number>
  /** Lines that were logged. */
  readonly lines: Record<string, unknown>[]
}

/** Telemetry that stays in the test, so that several services fit into one process. */
export function testTelemetry(): TestTelemetry {
  const register = new Registry<OpenMetricsContentType>()
  register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  const lines: Record<string, unknown>[] = []
  return {
    register,
    lines,
    logger: pino({ level: 'debug' }, { write: (line) => void lines.push(JSON.parse(line)) }),
    middleware: () => (_ctx, next) => next(),
    instrumentPool: (pool) => pool,
    messaging: { send: (_message, publish) => publish(), process: (_message, handle) => handle() },
    withBaggage: (_members, fn) => fn(),
    exemplar: () => undefined,
    async value(metric, labels = {}) {
      const { values } = (await register.getSingleMetric(metric)?.get()) ?? { values: [] }
      const wanted = JSON.stringify(Object.entries(labels).sort())
      return (
        values.find((entry) => JSON.stringify(Object.entries(entry.labels).sort()) === wanted)?.value ?? 0
      )
    },
  }
}

/** An application that listens on a free port of the loopback interface. */
export interface ServedApp extends AsyncDisposable {
  readonly url: string
}

export async function serve(app: Pick<Koa, 'callback'>): Promise<ServedApp> {
  const server = createServer(app.callback()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
