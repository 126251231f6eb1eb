import { describe, expect, it } from 'vitest'
import { Spans } from '../../test/metric-spans.ts'
import { defaults } from '../options.ts'
import { DbPoolMetrics } from './database.ts'

describe('pool metrics', () => {
  it('are one object for spans and for pools that are wrapped', async () => {
    const spans = new Spans()
    const pools = DbPoolMetrics.of(spans.register, defaults.metrics)
    pools.connected('tickets', 0.1)
    spans.make({
      kind: 2,
      name: 'pg-pool.connect',
      attributes: { 'db.system.name': 'postgresql', 'db.client.connection.pool.name': 'tickets' },
    })
    expect(await spans.counts('db_client_connection_wait_time_seconds')).toEqual([
      [{ db_client_connection_pool_name: 'tickets' }, 2],
    ])
  })

  it('show a pool when there is one', async () => {
    const spans = new Spans()
    expect(await spans.register.metrics()).not.toContain('db_client_connection_count')
    const pools = DbPoolMetrics.of(spans.register, defaults.metrics)
    pools.addPool('a', () => ({ idle: 1, used: 2, max: 3, pending: 4 }))
    pools.addPool('b', () => ({ idle: 5, used: 6, max: 7, pending: 8 }))
    pools.timedOut('b')
    const values = async (name: string) =>
      (await spans.samples(`db_client_connection_${name}`)).map(({ labels, value }) => [
        labels.db_client_connection_pool_name,
        value,
      ])
    expect(await values('count')).toEqual([
      ['a', 1],
      ['a', 2],
      ['b', 5],
      ['b', 6],
    ])
    expect(await values('max')).toEqual([
      ['a', 3],
      ['b', 7],
    ])
    expect(await values('pending_requests')).toEqual([
      ['a', 4],
      ['b', 8],
    ])
    expect(await values('timeouts_total')).toEqual([
      ['a', 0],
      ['b', 1],
    ])
  })

  it('have no more series of time-outs than they may', async () => {
    const spans = new Spans({ maxSeries: 2 })
    for (const name of ['a', 'b', 'c', 'd']) {
      const attributes = { 'db.system.name': 'postgresql', 'db.client.connection.pool.name': name }
      const span = spans.start({ kind: 2, name: 'pg-pool.connect', attributes })
      span.setStatus({ code: 2, message: 'timeout exceeded when trying to connect' })
      spans.end(span)
    }
    expect(await spans.samples('db_client_connection_timeouts_total')).toEqual([
      { labels: { db_client_connection_pool_name: 'a' }, value: 1 },
      { labels: { db_client_connection_pool_name: 'b' }, value: 1 },
      { labels: { otel_metric_overflow: 'true' }, value: 2 },
    ])
  })

  it('count a wait that ended in a time-out as one', async () => {
    const spans = new Spans()
    const span = spans.start({
      kind: 2,
      name: 'pg-pool.connect',
      attributes: { 'db.system.name': 'postgresql' },
    })
    span.setStatus({ code: 2, message: 'timeout exceeded when trying to connect' })
    spans.end(span)
    expect(await spans.samples('db_client_connection_timeouts_total')).toEqual([
      { labels: { db_client_connection_pool_name: '' }, value: 1 },
    ])
    expect(await spans.counts('db_client_connection_wait_time_seconds')).toEqual([])
  })
})
