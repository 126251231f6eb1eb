import { startPostgres, type TestPostgres } from '@faultline/test-support/servers'
import { SpanKind } from '@opentelemetry/api'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../poll.ts'
import { Child, countsOf, exemplarsOf, type Report, totalOf } from './child.ts'

const SERVER = 'http_server_request_duration_seconds_count'
const DATABASE = 'db_client_operation_duration_seconds_count'

const APP = new URL('express-app.ts', import.meta.url)

/** Sends eight requests. @returns what the service knows when all have ended */
async function work(child: Child): Promise<Report> {
  const url = child.urls.express ?? ''
  const send = async (path: string, method: 'GET' | 'POST'): Promise<number> => {
    const { statusCode, body } = await request(url + path, { method })
    await body.dump()
    return statusCode
  }
  expect(await send('/v1/seats/1', 'POST')).toBe(201)
  expect(await send('/v1/seats/2', 'POST')).toBe(201)
  for (const id of [1, 2, 3]) expect(await send(`/v1/seats/${id}`, 'GET')).toBe(200)
  expect(await send('/v1/broken', 'GET')).toBe(500)
  expect(await send('/v1/nothing', 'GET')).toBe(404)
  expect(await send('/nothing', 'GET')).toBe(404)
  return until('all requests in the metrics', async () => {
    const report = await child.report()
    return totalOf(report, SERVER) >= 8 && report
  })
}

let postgres: TestPostgres

beforeAll(async () => {
  postgres = await startPostgres()
})

afterAll(async () => postgres?.[Symbol.asyncDispose]())

describe('Express with knex and pg under the official instrumentations', () => {
  it('counts every request and every query once, each exemplar leading to an exported span', async () => {
    await using child = await Child.start(APP, {
      TEST_POSTGRES_URL: postgres.ownerUrl('postgres'),
      TEST_EXEMPLARS: 'sampled',
    })
    const report = await work(child)
    const requests = countsOf(report, SERVER).map(({ labels, value }) => [
      `${labels.http_request_method} ${labels.http_route} ${labels.http_response_status_code}`,
      value,
    ])
    expect(Object.fromEntries(requests)).toEqual({
      'POST /v1/seats/:id 201': 2,
      'GET /v1/seats/:id 200': 3,
      'GET /v1/broken 500': 1,
      'GET unmatched 404': 1,
      'GET /v1 404': 1,
    })
    expect(report.spans.filter(({ kind }) => kind === SpanKind.SERVER)).toHaveLength(8)

    const queries = countsOf(report, DATABASE).map(({ labels, value }) => [
      `${labels.db_system_name} ${labels.db_operation_name} ${labels.db_collection_name} ${labels.error_type ?? ''}`,
      value,
    ])
    expect(Object.fromEntries(queries)).toMatchObject({
      'postgresql CREATE seats ': 1,
      'postgresql INSERT seats ': 2,
      'postgresql SELECT seats ': 3,
      'postgresql SELECT nowhere _OTHER': 1,
    })
    // Of knex and the driver below it, which both make a span, the driver counts.
    const ofDriver = report.spans.filter(({ attributes }) => attributes['db.query.text'] !== undefined)
    const ofKnex = ofDriver.filter(({ attributes }) => attributes['knex.version'] !== undefined)
    expect(ofKnex.length).toBeGreaterThanOrEqual(3)
    expect(totalOf(report, DATABASE)).toBe(ofDriver.length - ofKnex.length)
    // One for each query of the pool, none for those of knex, which has a pool of its own.
    expect(totalOf(report, 'db_client_connection_wait_time_seconds_count')).toBe(4)

    const exported = new Set(report.spans.map(({ traceId, spanId }) => traceId + spanId))
    const exemplars = exemplarsOf(report)
    expect(new Set(exemplars.map(({ metric }) => metric))).toEqual(
      new Set([
        'http_server_request_duration_seconds',
        'db_client_operation_duration_seconds',
        'db_client_connection_wait_time_seconds',
      ]),
    )
    for (const { traceId, spanId } of exemplars) expect(exported).toContain(traceId + spanId)
    expect(countsOf(report, 'http_server_active_requests').every(({ value }) => value === 0)).toBe(true)
  })
})

describe('the same without sampling', () => {
  it('counts exactly and has no exemplar', async () => {
    await using child = await Child.start(APP, {
      TEST_POSTGRES_URL: postgres.ownerUrl('postgres'),
      TEST_SAMPLER: 'off',
      TEST_EXEMPLARS: 'sampled',
    })
    const report = await work(child)
    expect(totalOf(report, SERVER)).toBe(8)
    expect(totalOf(report, DATABASE)).toBeGreaterThanOrEqual(7)
    expect(report.spans).toEqual([])
    expect(exemplarsOf(report)).toEqual([])
  })
})

describe('the SDK’s own metrics', () => {
  it('are left out where the processor has them, and are kept otherwise', async () => {
    const env = { TEST_POSTGRES_URL: postgres.ownerUrl('postgres') }
    await using child = await Child.start(APP, env)
    const report = await work(child)
    const ours = [...report.metrics.matchAll(/^# TYPE (\w+)/gm)].map(([, name = '']) => name)
    const clash = report.stockMetrics.filter((name) => {
      const start = name.replaceAll('.', '_')
      return ours.some((own) => own === start || own.startsWith(`${start}_`))
    })
    expect(clash).toEqual([])
    expect(report.stockMetrics).toContain('nodejs.eventloop.utilization')
    expect(report.stockMetrics).toContain('db.client.connection.count')

    await using stock = await Child.start(APP, { ...env, TEST_STOCK_METRICS: 'all' })
    const { stockMetrics } = await work(stock)
    expect(stockMetrics).toContain('http.server.request.duration')
    expect(stockMetrics).toContain('db.client.operation.duration')
  })
})
