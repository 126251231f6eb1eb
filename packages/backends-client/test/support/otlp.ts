import { request } from 'undici'

const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } })

const resource = (service: string, instance: string) => ({
  attributes: [attribute('service.name', service), attribute('service.instance.id', instance)],
})

export const nanoseconds = (ms: number) => String(BigInt(ms) * 1_000_000n)

export async function post(url: string, body: unknown): Promise<void> {
  const response = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.body.text()
  if (response.statusCode >= 300) throw new Error(`${url} answered ${response.statusCode}: ${text}`)
}

/** One histogram point with one exemplar, as the collector sends it. */
export function histogramRequest(timeMs: number, exemplar: { traceId: string; spanId: string }) {
  return {
    resourceMetrics: [
      {
        resource: resource('gateway', 'gateway-1'),
        scopeMetrics: [
          {
            metrics: [
              {
                name: 'http_server_request_duration_seconds',
                description: 'Duration of HTTP server requests.',
                histogram: {
                  aggregationTemporality: 2,
                  dataPoints: [
                    {
                      attributes: [attribute('http_route', '/v1/concerts')],
                      startTimeUnixNano: nanoseconds(timeMs - 60_000),
                      timeUnixNano: nanoseconds(timeMs),
                      count: '3',
                      sum: 0.6,
                      bucketCounts: ['1', '2', '0'],
                      explicitBounds: [0.1, 0.5],
                      exemplars: [{ timeUnixNano: nanoseconds(timeMs - 10), asDouble: 0.25, ...exemplar }],
                    },
                  ],
                },
              },
            ],
          },
        ],
      },
    ],
  }
}

/** One log record of a request. */
export function logsRequest(timeMs: number, ids: { traceId: string; spanId: string }) {
  return {
    resourceLogs: [
      {
        resource: resource('gateway', 'gateway-1'),
        scopeLogs: [
          {
            logRecords: [
              {
                timeUnixNano: nanoseconds(timeMs),
                severityText: 'info',
                severityNumber: 9,
                body: { stringValue: 'request completed' },
                attributes: [attribute('http.route', '/v1/concerts')],
                ...ids,
              },
            ],
          },
        ],
      },
    ],
  }
}
