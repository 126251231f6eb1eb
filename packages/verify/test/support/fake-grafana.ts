import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server that answers as it is told; gone when it is disposed of. */
export interface FakeServer extends AsyncDisposable {
  readonly url: string
}

export interface Asked {
  readonly method: string
  readonly path: string
  readonly body: string
}

/** Status and body of an answer; undefined is 404. */
export type Respond = (asked: Asked) => readonly [status: number, body: unknown] | undefined

export async function fakeServer(respond: Respond): Promise<FakeServer> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { pathname } = new URL(request.url ?? '/', 'http://fake')
    const body = Buffer.concat(chunks).toString()
    const [status, answer] = respond({ method: request.method ?? '', path: pathname, body }) ?? [404, {}]
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stop = async () => {
    server.close()
    server.closeAllConnections()
  }
  return { url, [Symbol.asyncDispose]: stop }
}

const TRACE_IDS = ['0af7651916cd43dd8448eb211c80319c', '000000000000000b8448eb211c80319c']
const LINE = 'GET /v1/concerts 200 in 12 ms'
const TOTAL = 25_000_000

/** All four backends at one address, each with a little data whatever is asked. */
export const backends: Respond = ({ path }) => {
  const vector = [
    { metric: { service_name: 'gateway' }, value: [1_795_410_000, '1.5'] },
    { metric: { service_name: 'idle' }, value: [1_795_410_000, 'NaN'] },
  ]
  if (path === '/api/v1/query')
    return [200, { status: 'success', data: { resultType: 'vector', result: vector } }]
  if (/^\/api\/v1\/label\/.+\/values$/.test(path)) return [200, { status: 'success', data: ['gateway'] }]
  if (path === '/loki/api/v1/query') {
    return [200, { status: 'success', data: { resultType: 'vector', result: vector } }]
  }
  if (path === '/loki/api/v1/query_range') {
    const result = [{ stream: { service_name: 'gateway' }, values: [['1795410000000000000', LINE, {}]] }]
    return [200, { status: 'success', data: { resultType: 'streams', result } }]
  }
  if (path === '/api/search') return [200, { traces: TRACE_IDS.map((traceID) => ({ traceID })) }]
  if (path === '/querier.v1.QuerierService/SelectMergeStacktraces') {
    const levels = [{ values: ['0', String(TOTAL), '0', '0'] }]
    return [200, { flamegraph: { names: ['total'], levels, total: String(TOTAL), maxSelf: '0' } }]
  }
  return undefined
}

const dashboards = ['overview', 'service', 'messaging', 'security'].map((uid, at) => ({
  id: at + 1,
  uid,
  title: uid,
  type: 'dash-db',
  folderUid: 'faultline',
}))

/**
 * Grafana with everything in order and an Admin for whoever comes, built from its documentation and sources:
 * https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/api-legacy/data_source/
 */
export const grafana: Respond = ({ path, body }) => {
  if (path === '/api/health') return [200, { commit: '087143285', database: 'ok', version: '13.2.3' }]
  if (/^\/api\/datasources\/uid\/\w+\/health$/.test(path)) {
    return [200, { message: 'Data source is working', status: 'OK' }]
  }
  if (path === '/api/search') return [200, dashboards]
  if (path === '/api/access-control/user/permissions') {
    const everything = {
      'datasources:query': ['datasources:*'],
      'dashboards:read': ['folders:*', 'dashboards:*'],
    }
    return [200, { ...everything, 'datasources:explore': [''], 'datasources:write': ['datasources:*'] }]
  }
  if (path !== '/api/ds/query') return undefined
  const { queries } = JSON.parse(body) as {
    queries: { refId: string; datasource: { uid: string }; queryType?: string }[]
  }
  const results = queries.map(({ refId, datasource, queryType }) => {
    const kind = datasource.uid === 'loki' && queryType === 'range' ? 'lines' : datasource.uid
    return [refId, { status: 200, frames: [FRAMES[kind]] }]
  })
  return [200, { results: Object.fromEntries(results) }]
}

const time = { name: 'Time', type: 'time', typeInfo: { frame: 'time.Time' } }
const column = (name: string, type: string) => ({ name, type, typeInfo: { frame: type } })
const value = (service: string) => ({ ...column('Value', 'number'), labels: { service_name: service } })
const series = {
  schema: { fields: [time, value('gateway'), value('idle')] },
  // NaN is null, and which kind of null stands apart
  data: { values: [[1_795_410_000_000], [1.5], [null]], entities: [null, null, { NaN: [0] }] },
}

/**
 * What each data source makes of the answers of {@link backends}. Loki's are like its own tests'
 * (https://github.com/grafana/grafana-loki-datasource/tree/main/pkg/loki/test_non_dataplane), Tempo's and Pyroscope's
 * columns are those that their sources name.
 */
const FRAMES: Readonly<Record<string, unknown>> = {
  prometheus: series,
  loki: series,
  lines: {
    schema: { fields: [column('labels', 'other'), time, column('Line', 'string'), column('tsNs', 'string')] },
    data: { values: [[{}], [1_795_410_000_000], [LINE], ['1795410000000000000']] },
  },
  tempo: {
    schema: { name: 'Traces', fields: [column('traceID', 'string'), column('traceService', 'string')] },
    // Tempo writes an id without its leading zeros
    data: { values: [TRACE_IDS.map((id) => id.replace(/^0+/, '')), ['gateway', 'gateway']] },
  },
  pyroscope: {
    schema: { name: 'response', fields: [column('level', 'number'), column('value', 'number')] },
    data: {
      values: [
        [0, 1],
        [TOTAL, TOTAL],
      ],
    },
  },
}
