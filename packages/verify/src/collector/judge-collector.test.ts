import { describe, expect, it } from 'vitest'
import { aVector, unreachable } from '../testing/factories.ts'
import { judgeDelivery, judgeLosses } from './judge-collector.ts'

const failed = { __name__: 'otelcol_exporter_send_failed_log_records_total', exporter: 'otlp_http/loki' }
const refused = { __name__: 'otelcol_receiver_refused_spans_total', receiver: 'otlp' }

describe('judgeLosses', () => {
  it('passes where no counter rises, whatever it was', () => {
    const value = aVector([failed, 12])
    expect(judgeLosses({ value }, { value }, true).status).toBe('pass')
    expect(judgeLosses({ value }, { value: aVector([failed, 0]) }, true).status).toBe('pass')
  })

  it('fails where one rises or appears, and names the backend behind it', () => {
    const finding = judgeLosses({ value: aVector([failed, 1]) }, { value: aVector([failed, 4]) }, true)
    expect(finding).toMatchObject({ status: 'fail', likelyCause: 'loki does not accept what is sent' })
    expect(finding.explainedBy).toContain('reach/loki')
    expect(judgeLosses({ value: aVector() }, { value: aVector([refused, 1]) }, true)).toMatchObject({
      status: 'fail',
      likelyCause: expect.stringContaining('memory limit'),
    })
  })

  it('points to Prometheus where it cannot be asked', () => {
    const error = unreachable('prometheus')
    expect(judgeLosses(error, error, true).explainedBy).toEqual(['reach/prometheus'])
  })
})

describe('judgeDelivery', () => {
  it('tells a jam from a few batches on their way', () => {
    const queue = (waiting: number) => ({ value: aVector([{ exporter: 'otlp_http/tempo' }, waiting]) })
    expect(judgeDelivery(queue(3), 'q', true).status).toBe('pass')
    expect(judgeDelivery(queue(500), 'q', true)).toMatchObject({
      status: 'fail',
      likelyCause: expect.stringContaining('tempo'),
      explainedBy: expect.arrayContaining(['reach/tempo']),
    })
  })
})
