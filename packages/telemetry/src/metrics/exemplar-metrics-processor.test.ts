import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import { type RPCMetadata, RPCType, setRPCMetadata } from '@opentelemetry/core'
import { SamplingDecision } from '@opentelemetry/sdk-trace'
import { describe, expect, it } from 'vitest'
import { remote, Spans } from '../../test/metric-spans.ts'

const HTTP_SERVER = 'http_server_request_duration_seconds'
const HTTP_CLIENT = 'http_client_request_duration_seconds'
const ACTIVE = 'http_server_active_requests'

const { SERVER, CLIENT, INTERNAL } = SpanKind
const request = { kind: SERVER, attributes: { 'http.request.method': 'GET' } }
const get = { kind: CLIENT, attributes: { 'http.request.method': 'GET', 'peer.service': 'catalog' } }

describe('requests that are answered', () => {
  it('are counted with method, route, status and error', async () => {
    const spans = new Spans()
    const late = { 'http.route': '/seats/{id}', 'http.response.status_code': 503, 'error.type': 'TypeError' }
    spans.make({ ...request, late, failed: true, ms: 250 })
    expect(await spans.counts(HTTP_SERVER)).toEqual([
      [
        {
          http_request_method: 'GET',
          http_route: '/seats/{id}',
          http_response_status_code: '503',
          error_type: 'TypeError',
        },
        1,
      ],
    ])
    expect((await spans.samples(`${HTTP_SERVER}_sum`))[0]?.value).toBeCloseTo(0.25)
  })

  it('are recognised by the old names as well', async () => {
    const spans = new Spans()
    spans.make({ kind: SERVER, attributes: { 'http.method': 'POST', 'http.status_code': 201 } })
    const labels = { http_request_method: 'POST', http_route: 'unmatched', http_response_status_code: '201' }
    expect(await spans.counts(HTTP_SERVER)).toEqual([[labels, 1]])
  })

  it('prefer the stable names to the old ones', async () => {
    const spans = new Spans()
    const attributes = { 'http.request.method': 'GET', 'http.method': 'POST', 'http.status_code': 500 }
    spans.make({ kind: SERVER, attributes: { ...attributes, 'http.response.status_code': 200 } })
    const labels = { http_request_method: 'GET', http_route: 'unmatched', http_response_status_code: '200' }
    expect(await spans.counts(HTTP_SERVER)).toEqual([[labels, 1]])
  })

  it('have no status if they were aborted', async () => {
    const spans = new Spans()
    spans.make({ ...request, late: { 'error.type': 'client_abort' } })
    const labels = { http_request_method: 'GET', http_route: 'unmatched', error_type: 'client_abort' }
    expect(await spans.counts(HTTP_SERVER)).toEqual([[labels, 1]])
  })

  it('keep a made-up method out of the labels', async () => {
    const spans = new Spans()
    spans.make({ kind: SERVER, attributes: { 'http.request.method': 'MAKE-ME-A-SERIES' } })
    expect((await spans.counts(HTTP_SERVER))[0]?.[0].http_request_method).toBe('_OTHER')
    expect(await spans.samples(ACTIVE)).toEqual([{ labels: { http_request_method: '_OTHER' }, value: 0 }])
  })

  it('are none without a method: an RPC is no HTTP request', async () => {
    const spans = new Spans()
    spans.make({ kind: SERVER, attributes: { 'rpc.system': 'grpc' } })
    expect(await spans.counts(HTTP_SERVER)).toEqual([])
  })

  it('are not counted for spans of a framework, whose route they take if they lack one', async () => {
    const spans = new Spans()
    spans.make(request, undefined, (context) => {
      spans.make(
        { kind: INTERNAL, attributes: { 'http.route': '/v1', 'http.request.method': 'GET' } },
        context,
        (inside) => spans.make({ kind: INTERNAL, attributes: { 'http.route': '/v1/seats' } }, inside),
      )
    })
    spans.make({ ...request, late: { 'http.route': '/own' } }, undefined, (context) =>
      spans.make({ kind: INTERNAL, attributes: { 'http.route': '/much/longer' } }, context),
    )
    expect((await spans.counts(HTTP_SERVER)).map(([labels, count]) => [labels.http_route, count])).toEqual([
      ['/v1/seats', 1],
      ['/own', 1],
    ])
  })

  it.each([
    ['/', '/'],
    ['/nothing', 'unmatched'],
  ])('of %s have the route %s where only a middleware has one', async (path, route) => {
    const spans = new Spans()
    spans.make({ ...request, late: { 'url.path': path } }, undefined, (context) => {
      spans.make({ attributes: { 'http.route': '/' } }, context)
    })
    expect((await spans.counts(HTTP_SERVER))[0]?.[0].http_route).toBe(route)
  })

  it('count once where two instrumentations make a SERVER span of one', async () => {
    const spans = new Spans()
    spans.make(request, undefined, (context) =>
      spans.make({}, context, (inside) => {
        spans.make({ ...request, late: { 'http.route': '/inner' } }, inside)
      }),
    )
    expect((await spans.counts(HTTP_SERVER)).map(([labels, count]) => [labels.http_route, count])).toEqual([
      ['/inner', 1],
    ])
  })

  it('count each where a service calls itself', async () => {
    const spans = new Spans()
    spans.make(request, remote(), (context) =>
      spans.make(get, context, (inside) => {
        const caller = trace.getSpanContext(inside)
        if (caller) spans.make(request, trace.setSpanContext(inside, { ...caller, isRemote: true }))
      }),
    )
    expect((await spans.counts(HTTP_SERVER)).map(([, count]) => count)).toEqual([2])
    expect((await spans.counts(HTTP_CLIENT)).map(([, count]) => count)).toEqual([1])
  })

  it('count each where the context of the first is still there when the second is taken', async () => {
    const spans = new Spans()
    const outer = spans.start(request)
    const context = setRPCMetadata(trace.setSpan(ROOT_CONTEXT, outer), { type: RPCType.HTTP, span: outer })
    const caller = { ...outer.spanContext(), spanId: 'c'.repeat(16), isRemote: true }
    spans.make(request, trace.setSpanContext(context, caller))
    spans.end(outer)
    expect((await spans.counts(HTTP_SERVER)).map(([, count]) => count)).toEqual([2])
  })

  it('are known as the same one although a span between them is not recorded', async () => {
    const kinds = {
      shouldSample: (...[, , , kind]: [unknown, unknown, unknown, SpanKind]) => ({
        decision: kind === INTERNAL ? SamplingDecision.NOT_RECORD : SamplingDecision.RECORD,
      }),
    }
    const spans = new Spans({}, kinds)
    const outer = spans.start(request)
    const metadata: RPCMetadata = { type: RPCType.HTTP, span: outer }
    const context = setRPCMetadata(trace.setSpan(remote(), outer), metadata)
    spans.make({}, context, (inside) => spans.make({ ...request, late: { 'http.route': '/inner' } }, inside))
    spans.end(outer)
    expect((await spans.counts(HTTP_SERVER)).map(([labels, count]) => [labels.http_route, count])).toEqual([
      ['/inner', 1],
    ])
  })
})

describe('active requests', () => {
  it('are those that have started and not ended', async () => {
    const spans = new Spans()
    const [one, two] = [spans.start(request), spans.start(request)]
    const labels = { http_request_method: 'GET' }
    expect(await spans.samples(ACTIVE)).toEqual([{ labels, value: 2 }])
    spans.end(one)
    spans.end(one)
    spans.processor.onEnd(one as never)
    expect(await spans.samples(ACTIVE)).toEqual([{ labels, value: 1 }])
    spans.end(two, { late: { 'http.request.method': 'POST' } })
    expect(await spans.samples(ACTIVE)).toEqual([{ labels, value: 0 }])
  })

  it('have their method from the start', async () => {
    const spans = new Spans()
    spans.end(spans.start({ kind: SERVER }), { late: { 'http.request.method': 'GET' } })
    expect(await spans.samples(ACTIVE)).toEqual([])
    expect(await spans.counts(HTTP_SERVER)).toHaveLength(1)
  })

  it('count once where two instrumentations make a SERVER span of one', async () => {
    const spans = new Spans()
    const outer = spans.start(request)
    spans.start(request, trace.setSpan(remote(), outer))
    expect((await spans.samples(ACTIVE)).map(({ value }) => value)).toEqual([1])
  })

  it('go down although an attribute cannot be read at the end', async () => {
    const spans = new Spans()
    const span = spans.start(request)
    Object.defineProperty((span as unknown as { attributes: object }).attributes, 'http.route', {
      get: () => {
        throw new Error('unreadable')
      },
    })
    expect(() => spans.end(span)).not.toThrow()
    expect((await spans.samples(ACTIVE)).map(({ value }) => value)).toEqual([0])
    expect(await spans.samples('telemetry_span_metrics_errors_total')).toEqual([{ labels: {}, value: 1 }])
  })
})

describe('errors', () => {
  it.each([
    [{ late: { 'error.type': 'timeout' }, exception: new RangeError('x'), failed: true }, 'timeout'],
    [{ late: { 'error.type': 'timeout' } }, 'timeout'],
    [{ exception: new RangeError('x'), failed: true }, 'RangeError'],
    [{ failed: true }, '_OTHER'],
    [{}, undefined],
    // An exception that was dealt with.
    [{ exception: new RangeError('x') }, undefined],
  ])('of a span with %o', async (end, type) => {
    const spans = new Spans()
    spans.make({ ...get, ...end })
    expect((await spans.counts(HTTP_CLIENT))[0]?.[0].error_type).toBe(type)
  })

  it('are the last exception’s', async () => {
    const spans = new Spans()
    const span = spans.start(get)
    span.recordException(new TypeError('first'))
    spans.end(span, { exception: new RangeError('last'), failed: true })
    expect((await spans.counts(HTTP_CLIENT))[0]?.[0].error_type).toBe('RangeError')
  })
})
