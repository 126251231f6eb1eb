import { type Backend, startLoki } from '@faultline/test-support/backends'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BackendRefused, type LokiClient } from '../src/index.ts'
import { logsRequest, post } from './support/otlp.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const SPAN_ID = 'b7ad6b7169203331'

let server: Backend<LokiClient>
let loki: LokiClient
const sentAt = Date.now()
const range = { startMs: sentAt - 60_000, endMs: sentAt + 60_000 }

beforeAll(async () => {
  server = await startLoki()
  loki = server.client
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
