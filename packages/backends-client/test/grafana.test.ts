import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { BackendRefused, createGrafanaClient, type GrafanaClient } from '../src/index.ts'

// No Grafana runs here: its answers are built from its documentation and public issues, each with its address.

interface Given {
  readonly status: number
  readonly body: unknown
}

let given: Given
let asked: { method: string; url: string; body: string }
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  asked = { method: request.method ?? '', url: request.url ?? '', body: Buffer.concat(chunks).toString() }
  response.writeHead(given.status, { 'content-type': 'application/json' })
  response.end(typeof given.body === 'string' ? given.body : JSON.stringify(given.body))
})
let grafana: GrafanaClient

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  grafana = createGrafanaClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
})

afterAll(() => {
  server.close()
  server.closeAllConnections()
})

beforeEach(() => {
  given = { status: 404, body: { message: 'Not found' } }
})

describe('client of Grafana', () => {
  // https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/api-legacy/data_source/
  it('tells a healthy data source from one whose backend does not answer', async () => {
    const message = 'Successfully queried the Prometheus API.'
    given = { status: 200, body: { message, status: 'OK', details: { application: 'Prometheus' } } }
    await expect(grafana.dataSourceHealth('prom/1')).resolves.toEqual({ status: 'OK', message })
    expect(asked.url).toBe('/api/datasources/uid/prom%2F1/health')
    given = { status: 400, body: { message: 'dial tcp: connection refused', status: 'ERROR' } }
    await expect(grafana.dataSourceHealth('prometheus')).resolves.toMatchObject({ status: 'ERROR' })
  })

  it.each([
    // https://github.com/grafana/grafana/issues/132528
    [404, { message: 'Plugin not registered', messageId: 'plugin.notRegistered', statusCode: 404 }],
    [400, { message: 'UID is invalid' }],
    [400, 'not JSON'],
    [403, { message: 'Access denied to datasource' }],
  ])('rejects a check that was not made (%i %j)', async (status, body) => {
    given = { status, body }
    const error = await grafana.dataSourceHealth('loki').catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(BackendRefused)
    expect(error).toMatchObject({ backend: 'grafana', status, query: 'health of loki' })
  })

  // https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/api-legacy/folder_dashboard_search/
  it('lists dashboards, those at the root too', async () => {
    const common = { type: 'dash-db', tags: ['prod'], isStarred: true, orgId: 1 }
    given = {
      status: 200,
      body: [
        { ...common, id: 1, uid: 'cIBgcSjkk', title: 'Production Overview', folderUid: '000000163' },
        { ...common, id: 2, uid: 'other', title: 'Other' },
      ],
    }
    await expect(grafana.dashboards()).resolves.toEqual([{ uid: 'cIBgcSjkk' }, { uid: 'other' }])
    expect(asked.url).toBe('/api/search?type=dash-db&limit=5000')
  })

  // GET /api/access-control/user/permissions is not documented; it answers with scopes grouped by action:
  // https://github.com/grafana/grafana/blob/main/pkg/services/accesscontrol/api/api.go
  it('knows what whoever asks may do', async () => {
    given = {
      status: 200,
      body: { 'datasources:query': ['datasources:*'], 'datasources:explore': [''], 'orgs:read': null },
    }
    await expect(grafana.permissions()).resolves.toEqual({
      'datasources:query': ['datasources:*'],
      'datasources:explore': [''],
      'orgs:read': [],
    })
  })
})

describe('queries through Grafana', () => {
  const datasource = { type: 'prometheus', uid: 'prometheus' }
  const queries = [{ refId: 'A', datasource, expr: 'up', instant: true }]
  const range = { startMs: 1_795_410_000_000, endMs: 1_795_410_060_000.5 }

  // https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/api-legacy/data_source/#query-a-data-source
  it('come back as frames, by refId', async () => {
    const fields = [
      { name: 'Time', type: 'time', typeInfo: { frame: 'time.Time' } },
      { name: 'Value', type: 'number', labels: { job: 'gateway' }, config: { displayNameFromDS: 'x' } },
    ]
    const frame = { schema: { refId: 'A', meta: { type: 'numeric-multi' }, fields } }
    given = {
      status: 200,
      body: {
        results: {
          A: { status: 200, frames: [{ ...frame, data: { values: [[1644488152084], [1]] } }] },
          B: {
            status: 200,
            frames: [
              { ...frame, data: { values: [] } },
              { schema: {}, data: {} },
            ],
          },
        },
      },
    }
    const results = await grafana.query(queries, range)
    expect(results.get('A')).toEqual({
      error: undefined,
      frames: [
        {
          fields: [
            { name: 'Time', type: 'time', labels: {}, values: [1644488152084] },
            { name: 'Value', type: 'number', labels: { job: 'gateway' }, values: [1] },
          ],
        },
      ],
    })
    expect(results.get('B')?.frames.map(({ fields }) => fields.map(({ values }) => values))).toEqual([
      [[], []],
      [],
    ])
    expect(asked).toMatchObject({ method: 'POST', url: '/api/ds/query' })
    expect(JSON.parse(asked.body)).toEqual({ queries, from: '1795410000000', to: '1795410060001' })
  })

  // "400: … one or more data source queries were unsuccessful. Refer to the body", same page
  it('that the backend refused say why', async () => {
    const error = 'bad_data: invalid parameter "query": 1:1: parse error'
    given = { status: 400, body: { results: { A: { error, errorSource: 'downstream', status: 400 } } } }
    const results = await grafana.query(queries, range)
    expect(results.get('A')).toEqual({ error, frames: [] })
  })

  it('that Grafana refused reject', async () => {
    given = { status: 404, body: { message: 'Data source not found' } }
    await expect(grafana.query(queries, range)).rejects.toMatchObject({
      status: 404,
      query: 'prometheus up',
      message: expect.stringContaining('Data source not found'),
    })
  })
})
