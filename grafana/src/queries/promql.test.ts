import { parser } from '@prometheus-io/lezer-promql'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { substituted, syntax } from '../test-support.ts'
import { quantile, rate, select, shareOf, sumBy } from './promql.ts'

describe('select', () => {
  it('leaves the braces out where there is nothing to match', () => {
    expect(select('up')).toBe('up')
  })

  it('matches labels in their order', () => {
    expect(select('up', { service_name: '="a"', service_instance_id: '=~"b"' })).toBe(
      'up{service_name="a", service_instance_id=~"b"}',
    )
  })
})

describe('queries', () => {
  const label = fc.constantFrom('service_name', 'http_route', 'peer_service')
  const matcher = fc.constantFrom('="a"', '!="a"', '=~"a|b"', '!~".*"')

  it('parse, whatever is matched and summed by', () => {
    fc.assert(
      fc.property(fc.array(label), fc.dictionary(label, matcher), (labels, matchers) => {
        const part = { label: 'error_type', inside: '!=""', outside: '=""' }
        for (const query of [
          sumBy(labels, rate('cache_requests_total', matchers)),
          quantile(0.95, 'http_server_request_duration_seconds', labels, matchers),
          shareOf('cache_requests_total', part, labels, matchers),
        ]) {
          const text = substituted(query)
          expect(syntax(parser.parse(text), text).valid, text).toBe(true)
        }
      }),
    )
  })
})
