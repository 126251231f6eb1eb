import { promisify } from 'node:util'
import { startPostgres, type TestPostgres } from '@faultline/test-support/servers'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exemplarOf, TestService } from './support.ts'

const HISTOGRAM = 'db_client_operation_duration_seconds'

describe('pg pool', () => {
  let postgres: TestPostgres

  beforeAll(async () => {
    postgres = await startPostgres()
  })

  afterAll(async () => {
    await postgres?.[Symbol.asyncDispose]()
  })

  function createPool(
    service: TestService,
    options: pg.PoolConfig = {},
  ): AsyncDisposable & { readonly pool: pg.Pool } {
    const pool = new pg.Pool({ connectionString: postgres.ownerUrl('postgres'), max: 2, ...options })
    // The server may hang up on a client that the pool is ending.
    pool.on('error', () => undefined)
    return {
      pool: service.telemetry.instrumentPool(pool, { poolName: 'seats', namespace: 'postgres' }),
      [Symbol.asyncDispose]: () => pool.end(),
    }
  }

  it('gives every query a span under its caller, in all three ways of calling', async () => {
    await using service = await TestService.start({ traces: { keepRatio: 1 } })
    await using handle = createPool(service)
    const { pool } = handle
    const text = 'SELECT relname FROM pg_class WHERE relname = $1'
    await service.telemetry.withSpan('job', async () => {
      await pool.query(text, ['pg_class'])
      await promisify((done: (error: Error | null) => void) => pool.query({ text, values: ['x'] }, done))()
      const client = await pool.connect()
      await client.query(text, ['pg_class'])
      client.release()
    })
    await service.telemetry.flush()
    const job = service.receiver.spans.find(({ name }) => name === 'job')
    const queries = service.receiver.spans.filter(({ name }) => name === 'SELECT pg_class')
    expect(queries).toHaveLength(3)
    for (const query of queries) {
      expect(query).toMatchObject({
        kind: 'SPAN_KIND_CLIENT',
        parentSpanId: job?.spanId,
        traceId: job?.traceId,
      })
      expect(query.attributes).toEqual({
        'db.system.name': 'postgresql',
        'db.namespace': 'postgres',
        'db.operation.name': 'SELECT',
        'db.collection.name': 'pg_class',
        'db.query.summary': 'SELECT pg_class',
        'db.query.text': text,
        'peer.service': 'postgresql',
      })
    }
    expect(await service.scrape(`${HISTOGRAM}_count`)).toEqual([
      `${HISTOGRAM}_count{db_system_name="postgresql",db_operation_name="SELECT",db_collection_name="pg_class"} 3`,
    ])
    const exemplars = (await service.scrape(`${HISTOGRAM}_bucket`)).flatMap((line) => exemplarOf(line) ?? [])
    expect(queries.map(({ spanId }) => spanId)).toContain(exemplars[0]?.spanId)
  })

  it('names failures by SQLSTATE and hands them on', async () => {
    await using service = await TestService.start()
    await using handle = createPool(service)
    await expect(handle.pool.query('SELECT * FROM no_such_table')).rejects.toThrow('no_such_table')
    await service.telemetry.flush()
    const span = service.receiver.spans.find(({ name }) => name === 'SELECT no_such_table')
    expect(span).toMatchObject({
      status: 'STATUS_CODE_ERROR',
      attributes: { 'error.type': '42P01', 'db.response.status_code': '42P01' },
      events: [{ name: 'exception' }],
    })
    expect((await service.scrape(`${HISTOGRAM}_count`))[0]).toContain('error_type="42P01"')
  })

  it('keeps each waiting caller in its own trace, and shows the wait', async () => {
    await using service = await TestService.start()
    await using handle = createPool(service, { max: 1 })
    await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        service.telemetry.withSpan(`job ${index}`, () =>
          handle.pool.query(`SELECT pg_sleep(0.02) AS job_${index}`),
        ),
      ),
    )
    await service.telemetry.flush()
    const { spans } = service.receiver
    const jobs = spans.filter(({ name }) => name.startsWith('job'))
    for (const job of jobs) {
      const query = spans.find(({ attributes }) =>
        String(attributes['db.query.text']).includes(`job_${job.name.slice(4)}`),
      )
      expect(query).toMatchObject({ traceId: job.traceId, parentSpanId: job.spanId })
    }
    const waits = spans.filter(({ name }) => name === 'pool.acquire')
    expect(waits.length).toBeGreaterThanOrEqual(5)
    expect(waits[0]?.attributes).toEqual({ 'db.client.connection.pool.name': 'seats' })
    expect((await service.scrape('db_client_connection_wait_time_seconds_count'))[0]).toMatch(/ 6$/)
  })

  it('shows the pool’s connections, limits and time-outs', async () => {
    await using service = await TestService.start()
    await using handle = createPool(service, { connectionTimeoutMillis: 50 })
    const { pool } = handle
    const clients = [await pool.connect(), await pool.connect()]
    const waiting = pool.connect()
    const label = '{db_client_connection_pool_name="seats"'
    expect(await service.scrape('db_client_connection_count')).toEqual([
      `db_client_connection_count${label},db_client_connection_state="idle"} 0`,
      `db_client_connection_count${label},db_client_connection_state="used"} 2`,
    ])
    expect(await service.scrape('db_client_connection_pending_requests')).toEqual([
      `db_client_connection_pending_requests${label}} 1`,
    ])
    expect(await service.scrape('db_client_connection_max')).toEqual([`db_client_connection_max${label}} 2`])
    expect(await service.scrape('db_client_connection_timeouts_total')).toEqual([
      `db_client_connection_timeouts_total${label}} 0`,
    ])
    await expect(waiting).rejects.toThrow('timeout')
    expect(await service.scrape('db_client_connection_timeouts_total')).toEqual([
      `db_client_connection_timeouts_total${label}} 1`,
    ])
    for (const client of clients) client.release()
  })

  it('leaves a pool alone when traces and metrics are off', async () => {
    await using service = await TestService.start({ traces: false, metrics: false })
    const pool = new pg.Pool({ connectionString: postgres.ownerUrl('postgres') })
    const { connect } = pool
    expect(service.telemetry.instrumentPool(pool, { poolName: 'seats' }).connect).toBe(connect)
    await pool.end()
  })
})
