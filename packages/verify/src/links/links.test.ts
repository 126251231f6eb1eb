import { describe, expect, it } from 'vitest'
import {
  aFlameGraph,
  anEntry,
  aSpan,
  aTrace,
  aVector,
  NOW_MS,
  someLines,
  TRACE_ID,
  unreachable,
} from '../testing/factories.ts'
import { judgeExemplars, type PlacedExemplar } from './exemplars.ts'
import { judgeLogsLink } from './logs-link.ts'
import { judgeProfileLink } from './profile-link.ts'
import { judgeExemplarLink, judgeTraceLink } from './trace-link.ts'
import { judgeMetricsLink } from './walk.ts'

function anExemplar(fields: Partial<PlacedExemplar> = {}): PlacedExemplar {
  return {
    traceId: TRACE_ID,
    spanId: '0000000000000001',
    timeMs: NOW_MS - 15_000,
    series: { __name__: 'http_server_request_duration_seconds_bucket', service_name: 'gateway' },
    ...fields,
  }
}

const whole = aTrace(['gateway', 'gateway-1'], ['catalog', 'catalog-1'])

describe('judgeExemplarLink', () => {
  it('wants one exemplar of verify’s own', () => {
    expect(judgeExemplarLink([anExemplar()], 120).status).toBe('pass')
    expect(judgeExemplarLink([], 120)).toMatchObject({
      status: 'fail',
      seen: 'none of 120 requests has an exemplar',
    })
  })
})

describe('judgeExemplars', () => {
  const followed = (exemplar = anExemplar(), to: 'stored' | 'trace missing' | 'span missing' = 'stored') => ({
    exemplar,
    followed: to,
  })
  const evidence = {
    exemplars: { value: [anExemplar()] },
    sample: [followed()],
    nowMs: NOW_MS,
  }

  it('passes where each that is due leads to its span', () => {
    expect(judgeExemplars(evidence)).toMatchObject({
      status: 'pass',
      seen: expect.stringContaining('all 1 exemplars'),
    })
  })

  it('states how many of how many were followed', () => {
    const exemplars = { value: [anExemplar(), anExemplar()] }
    expect(judgeExemplars({ ...evidence, exemplars }).seen).toMatch(/^1 of 2 exemplars followed/)
  })

  it.each(['trace missing', 'span missing'] as const)('fails for one with the %s', (to) => {
    const finding = judgeExemplars({ ...evidence, sample: [followed(), followed(anExemplar(), to)] })
    expect(finding).toMatchObject({ status: 'fail', final: false, seen: expect.stringContaining(to) })
    expect(finding.likelyCause).toMatch(/sampler/)
  })

  it('waits for one that the sampler may still decide on, and no longer for an old one', () => {
    const young = followed(anExemplar({ timeMs: NOW_MS - 2_000 }), 'trace missing')
    expect(judgeExemplars({ ...evidence, sample: [followed(), young] }).status).toBe('pass')
    const old = followed(anExemplar({ timeMs: NOW_MS - 60_000 }), 'trace missing')
    expect(judgeExemplars({ ...evidence, sample: [old] })).toMatchObject({ status: 'fail', final: true })
  })

  it('fails without any exemplar, and for one without a trace id', () => {
    expect(judgeExemplars({ ...evidence, exemplars: { value: [] }, sample: [] }).status).toBe('fail')
    const { traceId: _, ...anonymous } = anExemplar()
    expect(judgeExemplars({ ...evidence, exemplars: { value: [anonymous] } }).seen).toMatch(
      /without the label trace_id/,
    )
  })
})

describe('judgeTraceLink', () => {
  const evidence = {
    own: [anExemplar()],
    stored: [whole],
    services: ['catalog', 'gateway'],
    nowMs: NOW_MS,
  }

  it('gives the trace that shows the whole way', () => {
    expect(judgeTraceLink(evidence)).toMatchObject({ finding: { status: 'pass' }, trace: whole })
  })

  it('fails for a trace that is not stored, by what the sampler or the service lost', () => {
    const { finding } = judgeTraceLink({ ...evidence, stored: [] })
    expect(finding).toMatchObject({ status: 'fail', likelyCause: expect.stringContaining('sampler') })
    expect(finding.explainedBy).toEqual(expect.arrayContaining(['exemplars/stored', 'signal/*/spans']))
  })

  it('fails for a trace that ends half-way', () => {
    const half = aTrace(['gateway', 'gateway-1'])
    const { finding } = judgeTraceLink({ ...evidence, stored: [half] })
    expect(finding).toMatchObject({
      status: 'fail',
      seen: '1 stored, with spans of gateway; none with the way to catalog, gateway',
    })
  })

  it('takes the way to each service from whichever trace shows it', () => {
    const other = '4bf92f3577b34da6a3ce929d0e0e4736'
    const booking = { ...aTrace(['gateway', 'gateway-1'], ['booking', 'booking-1']), traceId: other }
    const both = { ...evidence, services: ['booking', 'catalog', 'gateway'] }
    expect(judgeTraceLink(both).finding.status).toBe('fail')
    const own = [anExemplar(), anExemplar({ traceId: other })]
    expect(judgeTraceLink({ ...both, own, stored: [whole, booking] }).finding.status).toBe('pass')
  })

  it('is skipped without an exemplar', () => {
    expect(judgeTraceLink({ ...evidence, own: [] }).finding.status).toBe('skipped')
  })
})

describe('judgeLogsLink', () => {
  const line = (service: string, span: string) =>
    anEntry({ labels: { service_name: service }, metadata: { trace_id: TRACE_ID, span_id: span } })
  const lines = someLines(line('gateway', '0000000000000001'), line('catalog', '0000000000000002'))
  const evidence = { trace: whole, query: 'q', lines, byRequestId: lines }

  it('wants a line of each service in one of its spans', () => {
    expect(judgeLogsLink(evidence).status).toBe('pass')
    const foreign = someLines(line('gateway', '0000000000000001'), line('catalog', 'ffffffffffffffff'))
    expect(judgeLogsLink({ ...evidence, lines: foreign })).toMatchObject({
      status: 'fail',
      seen: 'no line of catalog with one of its span ids',
    })
  })

  it('knows for good that logs leave the trace context out', () => {
    const byRequestId = someLines(anEntry({ metadata: { request_id: 'verify-1' } }))
    expect(judgeLogsLink({ ...evidence, lines: someLines(), byRequestId })).toMatchObject({
      status: 'fail',
      final: true,
      likelyCause: expect.stringContaining('leave the trace context out'),
    })
  })

  it('waits while nothing has arrived, and is skipped without a trace', () => {
    const nothing = { ...evidence, lines: someLines(), byRequestId: someLines() }
    expect(judgeLogsLink(nothing)).toMatchObject({ status: 'fail' })
    expect(judgeLogsLink({ ...nothing, trace: undefined }).status).toBe('skipped')
  })

  it('points to Loki where it cannot be asked', () => {
    const error = unreachable('loki')
    expect(judgeLogsLink({ ...evidence, lines: error, byRequestId: error }).explainedBy).toEqual([
      'reach/loki',
    ])
  })
})

describe('judgeProfileLink', () => {
  const evidence = {
    service: 'gateway',
    spans: 3,
    profileIds: 1,
    othersLinked: true,
    graph: { value: aFlameGraph(2e7) },
    span: aSpan(),
    sampledInAll: 5e9,
  }

  it('says how much was sampled in which span', () => {
    expect(judgeProfileLink(evidence)).toMatchObject({
      id: 'link/logs-profile/gateway',
      status: 'pass',
      seen: '20 ms of CPU in span b7ad6b7169203331 (GET /v1/concerts), most in work',
    })
  })

  it('tells profiles without labels from no profiles', () => {
    const graph = { value: aFlameGraph(0) }
    expect(judgeProfileLink({ ...evidence, graph }).likelyCause).toMatch(/without their labels/)
    expect(judgeProfileLink({ ...evidence, graph, sampledInAll: 0 }).likelyCause).toBe('no profile arrives')
  })

  it('is skipped without a span', () => {
    const none = { ...evidence, spans: 0, profileIds: 0, graph: undefined }
    expect(judgeProfileLink(none)).toMatchObject({ status: 'skipped', seen: 'no span to start from' })
  })

  it('asks nothing of a service whose profiler links no spans, and says so', () => {
    const unlinked = { ...evidence, profileIds: 0, graph: undefined }
    expect(judgeProfileLink(unlinked)).toMatchObject({
      status: 'skipped',
      final: true,
      seen: 'none of 3 spans of gateway carries pyroscope.profile.id',
    })
  })

  it('fails where no service’s spans carry a profile’s id', () => {
    const finding = judgeProfileLink({ ...evidence, profileIds: 0, othersLinked: false, graph: undefined })
    expect(finding).toMatchObject({
      status: 'fail',
      seen: 'none of 3 spans of gateway carries pyroscope.profile.id',
      likelyCause: expect.stringContaining('without their labels'),
    })
  })
})

describe('judgeMetricsLink', () => {
  const evidence = { span: aSpan(), query: 'q' }

  it('wants requests counted', () => {
    expect(judgeMetricsLink({ ...evidence, result: { value: aVector([{}, 3]) } }).status).toBe('pass')
    expect(judgeMetricsLink({ ...evidence, result: { value: aVector() } }).status).toBe('fail')
    expect(judgeMetricsLink({ ...evidence, span: undefined, result: undefined }).status).toBe('skipped')
  })
})
