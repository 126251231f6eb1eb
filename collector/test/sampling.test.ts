import { KEEP_ATTRIBUTE, SLOW_THRESHOLD_MS } from '@faultline/telemetry/keep'
import { plain, type Span, STATUS_ERROR, send, span, traces } from '@faultline/test-support/otlp'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Collector } from './support/collector.ts'
import { Sink } from './support/sink.ts'

/** One trace a case: what is in it, and whether the sampler's rule keeps it. */
const TRACES: Readonly<Record<string, { readonly kept: boolean; readonly spans: readonly Span[] }>> = (() => {
  const child = (parent: Span, options = {}) => ({
    ...span({ ...options, traceId: parent.traceId }),
    parentSpanId: parent.spanId,
  })
  const plainRoot = span()
  const markedRoot = span({ attributes: { [KEEP_ATTRIBUTE]: true } })
  const rootOfFailed = span()
  return {
    plain: { kept: false, spans: [plainRoot, child(plainRoot, { kind: 'client' })] },
    'marked as kept': { kept: true, spans: [markedRoot, child(markedRoot, { kind: 'client' })] },
    'marked as not kept': { kept: false, spans: [span({ attributes: { [KEEP_ATTRIBUTE]: false } })] },
    'an error': { kept: true, spans: [span({ status: { code: STATUS_ERROR } })] },
    'an error further down': {
      kept: true,
      spans: [rootOfFailed, child(rootOfFailed, { kind: 'client', status: { code: STATUS_ERROR } })],
    },
    'a millisecond less than slow': { kept: false, spans: [span({ duration: SLOW_THRESHOLD_MS - 1 })] },
    // The sampler compares whole milliseconds; an exemplar is attached from the threshold on.
    'exactly the threshold': { kept: true, spans: [span({ duration: SLOW_THRESHOLD_MS })] },
    '0.4 ms more': { kept: true, spans: [span({ duration: SLOW_THRESHOLD_MS + 0.4 })] },
    slow: { kept: true, spans: [span({ duration: 4 * SLOW_THRESHOLD_MS })] },
  }
})()

/** Decided after all the others. */
const last = span({ status: { code: STATUS_ERROR } })
const all = [...Object.values(TRACES).flatMap(({ spans }) => spans), last]

describe('tail sampling', () => {
  let sink: Sink
  let collector: Collector
  const arrived = (): readonly string[] => sink.spans.map(({ spanId }) => spanId)
  const labels = () => sink.points('traces.span.metrics.calls').map(({ point }) => plain(point.attributes))

  beforeAll(async () => {
    sink = await Sink.start()
    collector = await Collector.start({ sink: sink.url })
    await send(collector.otlp, '/v1/traces', traces(all, 'catalog', 'catalog-1'))
    // A second process of the same service, with the same kind of spans.
    await send(collector.otlp, '/v1/traces', traces([span(), span()], 'catalog', 'catalog-2'))
    await vi.waitFor(() => expect(arrived()).toContain(last.spanId), { timeout: 20_000 })
  })

  afterAll(async () => {
    await collector?.[Symbol.asyncDispose]()
    await sink?.[Symbol.asyncDispose]()
  })

  test.each(Object.entries(TRACES))('a trace with %s', (_, { kept, spans }) => {
    for (const { spanId } of spans) {
      if (kept) expect(arrived()).toContain(spanId)
      else expect(arrived()).not.toContain(spanId)
    }
  })

  test('a span that comes late follows the decision on its trace', async () => {
    const [keptRoot] = TRACES['marked as kept']?.spans ?? []
    const [plainRoot] = TRACES.plain?.spans ?? []
    const dropped = span({ traceId: plainRoot?.traceId ?? '', status: { code: STATUS_ERROR } })
    const follows = span({ traceId: keptRoot?.traceId ?? '' })
    await send(collector.otlp, '/v1/traces', traces([dropped, follows]))
    await expect.poll(arrived, { timeout: 10_000 }).toContain(follows.spanId)
    expect(arrived()).not.toContain(dropped.spanId)
  })

  test('span metrics count every span, kept or not, of all processes of a service', async () => {
    const latest = (metric: string, field: 'asInt' | 'count'): number => {
      // Cumulative, so the last point of each set of labels holds its whole count.
      const counts = new Map(
        sink.points(metric).map(({ point }) => [JSON.stringify(point.attributes), Number(point[field] ?? 0)]),
      )
      return [...counts.values()].reduce((sum, count) => sum + count, 0)
    }
    const expected = all.length + 2 + 2
    await expect.poll(() => latest('traces.span.metrics.calls', 'asInt'), { timeout: 10_000 }).toBe(expected)
    await expect
      .poll(() => latest('traces.span.metrics.duration', 'count'), { timeout: 10_000 })
      .toBe(expected)
  })

  test.each([
    ['the oldest name', { 'peer.service': 'a' }, 'a'],
    ['the name of 1.39', { 'service.peer.name': 'b' }, 'b'],
    ['the name of 1.45', { 'server.service.name': 'c' }, 'c'],
    ['two names', { 'peer.service': 'old', 'service.peer.name': 'd' }, 'd'],
    ['all names', { 'peer.service': 'oldest', 'service.peer.name': 'old', 'server.service.name': 'e' }, 'e'],
  ])('span metrics know the peer by %s', async (name, attributes, peer) => {
    await send(collector.otlp, '/v1/traces', traces([span({ name, kind: 'client', attributes })]))
    await expect
      .poll(() => labels().find((each) => each['span.name'] === name)?.['peer.service'], { timeout: 10_000 })
      .toBe(peer)
  })

  test('span metrics do not take the server’s own name for its peer', async () => {
    const attributes = { 'server.service.name': 'catalog' }
    await send(collector.otlp, '/v1/traces', traces([span({ name: 'own name', attributes })]))
    await expect
      .poll(() => labels().find((each) => each['span.name'] === 'own name'), { timeout: 10_000 })
      .toEqual(expect.not.objectContaining({ 'peer.service': 'catalog' }))
  })

  test('span metrics have the labels that rules and dashboards use, name no process and carry no exemplars', async () => {
    await send(
      collector.otlp,
      '/v1/traces',
      traces([
        span({ name: 'SELECT seats', kind: 'client', attributes: { 'peer.service': 'postgresql' } }),
        span({ name: 'GET /venues', attributes: { 'http.route': '/venues', 'http.request.method': 'GET' } }),
      ]),
    )
    await expect.poll(labels, { timeout: 10_000 }).toContainEqual({
      'service.name': 'catalog',
      'span.name': 'SELECT seats',
      'span.kind': 'SPAN_KIND_CLIENT',
      'status.code': 'STATUS_CODE_UNSET',
      'peer.service': 'postgresql',
    })
    await expect.poll(labels, { timeout: 10_000 }).toContainEqual({
      'service.name': 'catalog',
      'span.name': 'GET /venues',
      'span.kind': 'SPAN_KIND_SERVER',
      'status.code': 'STATUS_CODE_UNSET',
      'http.route': '/venues',
    })
    const points = sink.points('traces.span.metrics.duration')
    expect(points.flatMap(({ point }) => point.exemplars ?? [])).toEqual([])
    for (const { resource } of points)
      expect(plain(resource.attributes)).toEqual({ 'service.name': 'catalog' })
  })
})
