import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import { remote, Spans } from '../../test/metric-spans.ts'
import { stateOf } from './span-state.ts'

const HTTP_CLIENT = 'http_client_request_duration_seconds'
const DATABASE = 'db_client_operation_duration_seconds'

const { SERVER, CLIENT } = SpanKind
const request = { kind: SERVER, attributes: { 'http.request.method': 'GET' } }
const get = { kind: CLIENT, attributes: { 'http.request.method': 'GET', 'peer.service': 'catalog' } }
const query = {
  kind: CLIENT,
  attributes: { 'db.system.name': 'postgresql', 'db.query.text': 'SELECT 1 FROM seats' },
}

describe('requests that are made', () => {
  it.each([
    [{ 'peer.service': 'catalog', 'server.address': 'db.internal' }, 'catalog'],
    [{ 'service.peer.name': 'catalog', 'server.address': 'db.internal' }, 'catalog'],
    [{ 'server.service.name': 'catalog', 'server.address': 'db.internal' }, 'catalog'],
    [{ 'peer.service': 'older', 'service.peer.name': 'catalog' }, 'catalog'],
    [{ 'peer.service': 'oldest', 'service.peer.name': 'older', 'server.service.name': 'catalog' }, 'catalog'],
    [{ 'server.address': 'api.example.org' }, 'api.example.org'],
    [{ 'net.peer.name': 'api.example.org' }, 'api.example.org'],
    [{ 'server.address': '10.1.2.3' }, ''],
    [{ 'server.address': '::1' }, ''],
    [{ 'server.address': '[2001:db8::1]' }, ''],
    [{}, ''],
  ])('have a peer by %o', async (attributes, peer) => {
    const spans = new Spans()
    spans.make({ kind: CLIENT, attributes: { 'http.request.method': 'GET', ...attributes } })
    expect(await spans.counts(HTTP_CLIENT)).toEqual([[{ http_request_method: 'GET', peer_service: peer }, 1]])
  })

  it('count innermost where one library is built on another', async () => {
    const spans = new Spans()
    const outer = { ...get, attributes: { ...get.attributes, 'peer.service': 'outer' } }
    spans.make(outer, undefined, (context) =>
      spans.make({}, context, (inside) => {
        spans.make(get, inside)
      }),
    )
    expect((await spans.counts(HTTP_CLIENT)).map(([labels, count]) => [labels.peer_service, count])).toEqual([
      ['catalog', 1],
    ])
  })

  it('count innermost although the inner one ends later', async () => {
    const spans = new Spans()
    const outer = spans.start({ ...get, attributes: { ...get.attributes, 'peer.service': 'outer' } })
    const inner = spans.start(get, trace.setSpan(remote(), outer))
    spans.end(outer)
    spans.end(inner)
    expect((await spans.counts(HTTP_CLIENT)).map(([labels, count]) => [labels.peer_service, count])).toEqual([
      ['catalog', 1],
    ])
  })

  it('count beside the query that is sent by them', async () => {
    const spans = new Spans()
    const search = {
      'db.system.name': 'elasticsearch',
      'db.operation.name': 'search',
      'http.request.method': 'GET',
    }
    spans.make({ kind: CLIENT, attributes: search }, undefined, (context) => {
      spans.make(get, context)
    })
    expect(await spans.counts(HTTP_CLIENT)).toHaveLength(1)
    expect(await spans.counts(DATABASE)).toHaveLength(1)
  })

  it('count both where a request is made within one that is answered within one', async () => {
    const spans = new Spans()
    spans.make(get, undefined, (context) =>
      spans.make(request, context, (inside) => void spans.make(get, inside)),
    )
    expect((await spans.counts(HTTP_CLIENT)).map(([, count]) => count)).toEqual([2])
  })

  it('hold no chain in memory where each leads to the next before it ends', () => {
    const spans = new Spans()
    let last = spans.start(get)
    for (let index = 0; index < 100; index += 1) {
      const next = spans.start(get, trace.setSpan(ROOT_CONTEXT, last))
      spans.end(last)
      last = next
    }
    let length = 0
    for (let state = stateOf(last); state; state = state.outer) length += 1
    expect(length).toBeLessThan(4)
  })
})

describe('queries', () => {
  it.each([
    [
      { 'db.operation.name': 'FIND', 'db.collection.name': 'seats', 'db.query.text': 'SELECT 1 FROM x' },
      'FIND',
      'seats',
    ],
    [{ 'db.query.text': 'SELECT 1 FROM concerts WHERE id = $1' }, 'SELECT', 'concerts'],
    [{ 'db.operation.name': 'EXECUTE', 'db.query.text': 'SELECT 1 FROM concerts' }, 'EXECUTE', 'concerts'],
    [{ 'db.statement': 'delete from seats' }, 'DELETE', 'seats'],
    [{ 'db.operation': 'first', 'db.sql.table': 'seats' }, 'first', 'seats'],
  ])('of %o', async (attributes, operation, collection) => {
    const spans = new Spans()
    spans.make({ kind: CLIENT, attributes: { 'db.system': 'postgresql', ...attributes } })
    const labels = {
      db_system_name: 'postgresql',
      db_operation_name: operation,
      db_collection_name: collection,
    }
    expect(await spans.counts(DATABASE)).toEqual([[labels, 1]])
  })

  it('have no tables where the language is not SQL', async () => {
    const spans = new Spans()
    spans.make({
      kind: CLIENT,
      attributes: { 'db.system.name': 'redis', 'db.query.text': 'SADD from seats' },
    })
    expect((await spans.counts(DATABASE))[0]?.[0]).toMatchObject({
      db_operation_name: 'SADD',
      db_collection_name: '',
    })
  })

  it('are none without a text or an operation', async () => {
    const spans = new Spans()
    spans.make({ kind: CLIENT, attributes: { 'db.system.name': 'postgresql' }, name: 'pg.connect' })
    expect(await spans.counts(DATABASE)).toEqual([])
    expect(await spans.counts('db_client_connection_wait_time_seconds')).toEqual([])
  })

  it('count innermost where an ORM is built on a driver', async () => {
    const spans = new Spans()
    const orm = { 'db.system.name': 'postgresql', 'db.operation.name': 'findMany' }
    spans.make({ kind: CLIENT, attributes: orm }, undefined, (context) => {
      const pool = { kind: CLIENT, attributes: { 'db.system.name': 'postgresql' } }
      spans.make({ ...pool, name: 'pg-pool.connect' }, context, (inside) => {
        spans.make({ ...pool, name: 'pg.connect' }, inside)
      })
      spans.make({ ...pool, late: query.attributes }, context)
    })
    expect(
      (await spans.counts(DATABASE)).map(([labels, count]) => [labels.db_operation_name, count]),
    ).toEqual([['SELECT', 1]])
  })

  it('count of an ORM whose driver makes no spans but to connect', async () => {
    const spans = new Spans()
    const orm = { 'db.system.name': 'postgresql', 'db.operation.name': 'findMany' }
    spans.make({ kind: CLIENT, attributes: orm }, undefined, (context) => {
      spans.make(
        { kind: CLIENT, attributes: { 'db.system.name': 'postgresql' }, name: 'pg.connect' },
        context,
      )
    })
    expect((await spans.counts(DATABASE)).map(([labels]) => labels.db_operation_name)).toEqual(['findMany'])
  })

  it('wait for a connection of the pool', async () => {
    const spans = new Spans()
    const pool = { 'db.system.name': 'postgresql', 'db.namespace': 'tickets', 'server.port': 5432 }
    for (const address of ['db.internal', '10.0.0.1']) {
      const attributes = { ...pool, 'server.address': address }
      spans.make({ kind: CLIENT, attributes, name: 'pg-pool.connect' })
      spans.make({ kind: CLIENT, attributes, name: 'pg-pool.connect', failed: true })
    }
    expect(await spans.counts('db_client_connection_wait_time_seconds')).toEqual([
      [{ db_client_connection_pool_name: 'db.internal:5432/tickets' }, 1],
      [{ db_client_connection_pool_name: 'tickets' }, 1],
    ])
    expect(await spans.counts(DATABASE)).toEqual([])
  })

  it('are not fed by a span of our own for a wait that was seen', async () => {
    const spans = new Spans()
    spans.make({ name: 'pool.acquire', attributes: { 'db.client.connection.pool.name': 'tickets' } })
    expect(await spans.counts('db_client_connection_wait_time_seconds')).toEqual([])
  })
})
