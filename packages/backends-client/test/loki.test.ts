import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BackendRefused, createLokiClient, type LokiClient } from '../src/index.ts'
import { logsRequest, post } from './support/otlp.ts'
import { type Server, startServer } from './support/server.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const SPAN_ID = 'b7ad6b7169203331'
const CONFIGURATION = fileURLToPath(new URL('../../../backends/loki/loki.yaml', import.meta.url))

let server: Server
let loki: LokiClient
const sentAt = Date.now()
const range = { startMs: sentAt - 60_000, endMs: sentAt + 60_000 }

beforeAll(async () => {
  server = await startServer({
    binary: 'loki',
    arguments: async () => [`-config.file=${CONFIGURATION}`, '-config.expand-env=true'],
    environment: (folder, port, grpcPort) => ({
      LOKI_HTTP_PORT: String(port),
      LOKI_GRPC_PORT: String(grpcPort),
      LOKI_DATA_DIR: folder,
    }),
    ready: (url) => createLokiClient({ baseUrl: url }).ready(),
  })
  loki = createLokiClient({ baseUrl: server.url })
  await post(`${server.url}/otlp/v1/logs`, logsRequest(sentAt, { traceId: TRACE_ID, spanId: SPAN_ID }))
})

afterAll(() => server?.[Symbol.asyncDispose]())

describe('client of a real Loki', () => {
  it('finds the lines of a trace with structured metadata apart from labels', async () => {
    const query = `{service_name="gateway"} | trace_id="${TRACE_ID}"`
    const result = await loki.queryRange(query, { ...range, limit: 10 })
    expect(result).toMatchObject({
      streams: 1,
      entries: [
        {
          timeMs: sentAt,
          line: 'request completed',
          labels: { service_name: 'gateway' },
          metadata: { trace_id: TRACE_ID, span_id: SPAN_ID, http_route: '/v1/concerts' },
        },
      ],
    })
  })

  it('evaluates metric queries', async () => {
    const query = 'sum by (service_name) (count_over_time({service_name="gateway"}[1m]))'
    await expect(loki.query(query, { timeMs: sentAt + 1_000 })).resolves.toEqual([
      { labels: { service_name: 'gateway' }, value: 1 },
    ])
  })

  it('lists the values of a label', async () => {
    const labelValues = (selector?: string) => loki.labelValues('service_name', { ...range, selector })
    await expect(labelValues()).resolves.toEqual(['gateway'])
    await expect(labelValues('{service_name="gateway"}')).resolves.toEqual(['gateway'])
  })

  it('says what it refuses', async () => {
    const refused = await loki.queryRange('{service_name=', range).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(BackendRefused)
    expect(refused).toMatchObject({ status: 400, query: '{service_name=' })
  })
})
