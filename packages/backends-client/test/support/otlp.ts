import { request } from 'undici'

const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } })

const resource = (service: string, instance: string) => ({
  attributes: [attribute('service.name', service), attribute('service.instance.id', instance)],
})

const nanoseconds = (ms: number) => String(BigInt(ms) * 1_000_000n)

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

/** A gateway's server span and a catalog's below it. */
export function tracesRequest(
  timeMs: number,
  traceId: string,
  [gatewaySpan, catalogSpan]: readonly [string, string],
) {
  const span = (spanId: string, startMs: number, endMs: number) => ({
    traceId,
    spanId,
    kind: 2,
    startTimeUnixNano: nanoseconds(startMs),
    endTimeUnixNano: nanoseconds(endMs),
  })
  const root = {
    ...span(gatewaySpan, timeMs, timeMs + 20),
    name: 'GET /v1/concerts',
    attributes: [
      attribute('http.route', '/v1/concerts'),
      { key: 'http.response.status_code', value: { intValue: '500' } },
    ],
    status: { code: 2, message: 'no' },
  }
  const child = {
    ...span(catalogSpan, timeMs + 5, timeMs + 15),
    name: 'GET /concerts',
    parentSpanId: gatewaySpan,
  }
  const of = (service: string, instance: string, spans: readonly unknown[]) => ({
    resource: resource(service, instance),
    scopeSpans: [{ scope: { name: 'test' }, spans }],
  })
  return { resourceSpans: [of('gateway', 'gateway-1', [root]), of('catalog', 'catalog-1', [child])] }
}

/** A CPU profile of two stacks, the first of which was sampled in a span. Times are in ns. */
export function profilesRequest(timeMs: number, traceId: string, spanId: string) {
  const stringTable = ['', 'samples', 'count', 'cpu', 'nanoseconds', 'main', 'handle', 'idle', 'service.name']
  const [samples, count, cpu, ns, main, handle, idle, serviceName] = [1, 2, 3, 4, 5, 6, 7, 8]
  const dictionary = {
    stringTable,
    mappingTable: [{}],
    functionTable: [{}, { nameStrindex: main }, { nameStrindex: handle }, { nameStrindex: idle }],
    locationTable: [{}, ...[1, 2, 3].map((functionIndex) => ({ lines: [{ functionIndex, line: '1' }] }))],
    stackTable: [{}, { locationIndices: [2, 1] }, { locationIndices: [3, 1] }],
    linkTable: [{}, { traceId, spanId }],
    attributeTable: [{}, { keyStrindex: serviceName, value: { stringValue: 'gateway' } }],
  }
  const profile = {
    timeUnixNano: nanoseconds(timeMs),
    sampleType: { typeStrindex: samples, unitStrindex: count },
    periodType: { typeStrindex: cpu, unitStrindex: ns },
    period: '1',
    samples: [
      { stackIndex: 1, attributeIndices: [1], linkIndex: 1, values: ['30000000'] },
      { stackIndex: 2, attributeIndices: [1], values: ['10000000'] },
    ],
  }
  return { dictionary, resourceProfiles: [{ resource: {}, scopeProfiles: [{ profiles: [profile] }] }] }
}
