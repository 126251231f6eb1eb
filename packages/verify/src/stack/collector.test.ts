import { describe, expect, it } from 'vitest'
import { aVector, unreachable } from '../testing/factories.ts'
import { judgeDelivery, judgeLosses } from './collector.ts'

const failed = { __name__: 'otelcol_exporter_send_failed_log_records_total', exporter: 'otlp_http/loki' }
const refused = { __name__: 'otelcol_receiver_refused_spans_total', receiver: 'otlp' }

const queue = (waiting: number) => ({ value: aVector([{ exporter: 'otlp_http/tempo' }, waiting]) })
const evidence = {
  before: { value: aVector() },
  now: { value: aVector() },
  queues: queue(0),
  queuesQuery: 'q',
}

describe('judgeLosses', () => {
  it('passes where no counter rises, whatever it was', () => {
    const before = { value: aVector([failed, 12]) }
    expect(judgeLosses({ ...evidence, before, now: before }).status).toBe('pass')
    expect(judgeLosses({ ...evidence, before, now: { value: aVector([failed, 0]) } }).status).toBe('pass')
  })

  it('fails where one rises or appears, and names the backend behind it', () => {
    const before = { value: aVector([failed, 1]) }
    const finding = judgeLosses({ ...evidence, before, now: { value: aVector([failed, 4]) } })
    expect(finding).toMatchObject({ status: 'fail', likelyCause: 'loki does not accept what is sent' })
    expect(finding.explainedBy).toContain('reach/loki')
    expect(judgeLosses({ ...evidence, now: { value: aVector([refused, 1]) } })).toMatchObject({
      status: 'fail',
      likelyCause: expect.stringContaining('memory limit'),
    })
  })

  it('points to Prometheus where it cannot be asked', () => {
    const error = unreachable('prometheus')
    expect(judgeLosses({ ...evidence, now: error }).explainedBy).toEqual(['reach/prometheus'])
  })
})

describe('judgeDelivery', () => {
  it('tells a jam from a few batches on their way', () => {
    expect(judgeDelivery({ ...evidence, queues: queue(3) }).status).toBe('pass')
    expect(judgeDelivery({ ...evidence, queues: queue(500) })).toMatchObject({
      status: 'fail',
      likelyCause: expect.stringContaining('tempo'),
      explainedBy: expect.arrayContaining(['reach/tempo']),
    })
  })

  it('does not take silence for order', () => {
    const silent = { ...evidence, queues: { value: aVector() } }
    expect([judgeLosses(silent).status, judgeDelivery(silent).status]).toEqual(['fail', 'fail'])
  })
})
