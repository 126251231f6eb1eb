import { type Context, createTraceState, ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api'
import { SamplingDecision } from '@opentelemetry/sdk-trace'
import { describe, expect, it } from 'vitest'
import { deciding, remote, Spans, type SpanToMake } from '../../test/metric-spans.ts'
import { isKept } from './exemplar.ts'

const SERVER_DURATION = 'http_server_request_duration_seconds'
const CLIENT_DURATION = 'http_client_request_duration_seconds'
const PROCESS_DURATION = 'messaging_process_duration_seconds'

const server = { kind: SpanKind.SERVER, attributes: { 'http.request.method': 'GET' } }
const client = { kind: SpanKind.CLIENT, attributes: { 'http.request.method': 'GET' } }
const consumer = { kind: SpanKind.CONSUMER, attributes: { 'messaging.system': 'nats' } }

/** Whether a span that ends so has an exemplar. */
async function hasExemplar(spans: Spans, what: SpanToMake, parent?: Context): Promise<boolean> {
  const span = spans.make(what, parent)
  const ids = await spans.exemplars(SERVER_DURATION)
  expect(ids).toEqual(ids.length === 0 ? [] : [span.spanContext().spanId])
  return ids.length === 1
}

describe('exemplars', () => {
  it.each([
    ['quick and well', { ms: 10 }, false],
    ['failed', { ms: 10, failed: true }, true],
    ['slow', { ms: 500 }, true],
    ['not slow yet', { ms: 499 }, false],
    ['just shorter than the tail sampler’s wait', { ms: 4_999 }, true],
    ['as long as the tail sampler’s wait', { ms: 5_000 }, false],
    // Spans below were sent before, and the tail sampler has decided about the trace without this one.
    ['failed after the tail sampler’s wait', { ms: 5_000, failed: true }, false],
  ])('of a request that is %s', async (_what, end, expected) => {
    expect(await hasExemplar(new Spans(), { ...server, ...end })).toBe(expected)
  })

  it('lead to what is marked, however quick or long', async () => {
    expect(await hasExemplar(new Spans(), { ...server, ms: 1 }, remote({ isMarked: true }))).toBe(true)
    expect(await hasExemplar(new Spans(), { ...server, ms: 9_000 }, remote({ isMarked: true }))).toBe(true)
  })

  it('never lead to what is not exported', async () => {
    const spans = new Spans({}, deciding(SamplingDecision.RECORD))
    expect(await hasExemplar(spans, { ...server, failed: true, ms: 600 }, remote({ isMarked: true }))).toBe(
      false,
    )
  })

  it('take thresholds from the options', async () => {
    const options = { slowThresholdMs: 100, decisionWaitMs: 200 }
    expect(await hasExemplar(new Spans(options), { ...server, ms: 99 })).toBe(false)
    expect(await hasExemplar(new Spans(options), { ...server, ms: 100 })).toBe(true)
    expect(await hasExemplar(new Spans(options), { ...server, ms: 200 })).toBe(false)
  })

  it('lead to everything that is exported, if the policy is `sampled`', async () => {
    expect(await hasExemplar(new Spans({ exemplars: 'sampled' }), server)).toBe(true)
    const spans = new Spans({ exemplars: 'sampled' }, deciding(SamplingDecision.RECORD))
    expect(await hasExemplar(spans, server)).toBe(false)
  })

  it('are left out if the policy is `none`', async () => {
    const spans = new Spans({ exemplars: 'none' })
    expect(await hasExemplar(spans, { ...server, failed: true }, remote({ isMarked: true }))).toBe(false)
  })

  it('lead to no slow call late in a trace that has been decided about', async () => {
    const spans = new Spans()
    const parent = spans.start(server)
    const call = spans.start({ ...client, startMs: 6_000 }, trace.setSpan(ROOT_CONTEXT, parent))
    spans.end(call, { ms: 6_700, failed: true })
    expect(await spans.exemplars(CLIENT_DURATION)).toEqual([])
  })

  it('lead to a message that came from elsewhere, and to all below it, by the mark only', async () => {
    for (const isMarked of [false, true]) {
      const spans = new Spans()
      spans.make({ ...consumer, failed: true, ms: 600 }, remote({ isMarked }), (context) =>
        spans.make({}, context, (inside) => void spans.make({ ...client, failed: true }, inside)),
      )
      expect(await spans.exemplars(PROCESS_DURATION)).toHaveLength(isMarked ? 1 : 0)
      expect(await spans.exemplars(CLIENT_DURATION)).toHaveLength(isMarked ? 1 : 0)
    }
  })

  it('lead to a message of this process as to any other span', async () => {
    const spans = new Spans()
    spans.make(server, remote(), (context) => void spans.make({ ...consumer, failed: true }, context))
    expect(await spans.exemplars(PROCESS_DURATION)).toHaveLength(1)
  })

  it('lead to what goes on with a stored context, and answers nobody, by the mark only', async () => {
    const spans = new Spans()
    spans.make({ ...client, failed: true }, remote())
    expect(await spans.exemplars(CLIENT_DURATION)).toEqual([])
  })

  it('lead to a span below one that is not recorded by the mark only, as nobody knows what that was', async () => {
    const spans = new Spans()
    const unknown = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: TraceFlags.SAMPLED }
    spans.make({ ...client, failed: true }, trace.setSpanContext(ROOT_CONTEXT, unknown))
    expect(await spans.exemplars(CLIENT_DURATION)).toEqual([])
  })
})

describe('isKept', () => {
  const context = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }
  const traceState = createTraceState('faultline=keep')

  it.each([
    [{ ...context, traceFlags: TraceFlags.SAMPLED, traceState }, true],
    [{ ...context, traceFlags: TraceFlags.SAMPLED, traceState: createTraceState('faultline=no') }, false],
    [{ ...context, traceFlags: TraceFlags.SAMPLED }, false],
    [{ ...context, traceFlags: TraceFlags.NONE, traceState }, false],
  ])('of %o is %s', (spanContext, expected) => {
    expect(isKept(spanContext)).toBe(expected)
  })
})
