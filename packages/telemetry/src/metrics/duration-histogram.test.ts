import { SpanKind } from '@opentelemetry/api'
import fc from 'fast-check'
import { Histogram } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { RecordedSpan } from '../trace/span.ts'
import { DurationHistogram } from './duration-histogram.ts'
import { createRegistry } from './registry.ts'

const options = {
  name: 'http_server_request_duration_seconds',
  help: 'Duration',
  labelNames: ['method', 'route', 'error_type'],
  buckets: [0.005, 0.1, 1],
}

describe('duration histogram', () => {
  it('shows what prom-client’s own shows', async () => {
    const observation = fc.record({
      method: fc.constantFrom('GET', 'POST'),
      route: fc.oneof(fc.constantFrom('/a', '/b'), fc.string()),
      error: fc.constantFrom(undefined, 'TypeError'),
      seconds: fc.oneof(fc.constantFrom(0.005, 0.1, 1), fc.double({ min: 0, max: 2, noNaN: true })),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(observation), async (observations) => {
        const [ours, theirs] = [createRegistry(), createRegistry()]
        const histogram = new DurationHistogram(ours, options)
        const reference = new Histogram({ ...options, enableExemplars: true, registers: [theirs] })
        for (const { method, route, error, seconds } of observations) {
          histogram.observe([method, route, error], seconds, undefined)
          const labels = { method, route, ...(error === undefined ? {} : { error_type: error }) }
          reference.observe({ labels, value: seconds })
        }
        expect(sorted(await ours.metrics())).toEqual(sorted(await theirs.metrics()))
      }),
    )
  })

  it('keeps the last exemplar of each bucket', async () => {
    const register = createRegistry()
    const histogram = new DurationHistogram(register, options)
    for (const [digit, seconds] of [
      ['1', 0.05],
      ['2', 0.06],
      ['3', 5],
    ] as const) {
      histogram.observe(['GET', '/a', undefined], seconds, spanOf(digit))
    }
    histogram.observe(['GET', '/a', undefined], 0.07, undefined)
    const lines = (await register.metrics()).split('\n').filter((line) => line.includes(' # '))
    expect(lines).toHaveLength(2)
    expect(lines[0]).toMatch(
      /le="0.1",method="GET",route="\/a"} 3 # {trace_id="2{32}",span_id="2{16}"} 0.06 [\d.]+$/,
    )
    expect(lines[1]).toContain(`le="+Inf",method="GET",route="/a"} 4 # {trace_id="${'3'.repeat(32)}"`)
  })
})

/** Series may come in any order, and so may labels. */
function sorted(exposition: string): string[] {
  return exposition
    .split('\n')
    .map((line) => [...line].toSorted().join(''))
    .toSorted()
}

function spanOf(digit: string): RecordedSpan {
  return new RecordedSpan(
    {
      traceId: digit.repeat(32),
      spanId: digit.repeat(16),
      parentSpanId: undefined,
      traceState: '',
      kept: true,
      kind: SpanKind.SERVER,
      name: 'GET',
      startMs: 0,
      scope: { name: 'test', version: undefined },
    },
    { onEnd: () => undefined },
  )
}
