import { TraceFlags } from '@opentelemetry/api'
import fc from 'fast-check'
import { Histogram } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { createRegistry } from './registry.ts'
import { DurationHistogram } from './span-metric.ts'

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
        const shown = sorted(await ours.getSingleMetricAsString(options.name))
        expect(shown).toEqual(sorted(await theirs.getSingleMetricAsString(options.name)))
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
      const context = { traceId: digit.repeat(32), spanId: digit.repeat(16), traceFlags: TraceFlags.SAMPLED }
      histogram.observe(['GET', '/a', undefined], seconds, context)
    }
    histogram.observe(['GET', '/a', undefined], 0.07, undefined)
    const lines = (await register.metrics()).split('\n').filter((line) => line.includes(' # '))
    expect(lines).toHaveLength(2)
    expect(lines[0]).toMatch(
      /le="0.1",method="GET",route="\/a"} 3 # {trace_id="2{32}",span_id="2{16}"} 0.06 [\d.]+$/,
    )
    expect(lines[1]).toContain(`le="+Inf",method="GET",route="/a"} 4 # {trace_id="${'3'.repeat(32)}"`)
  })

  it('has no more series than it may, and counts what goes into the one for the rest', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e')),
        fc.integer({ min: 1, max: 4 }),
        async (routes, maxSeries) => {
          const register = createRegistry()
          const histogram = new DurationHistogram(register, { ...options, maxSeries })
          for (const route of routes) histogram.observe(['GET', route, undefined], 1, undefined)
          const lines = (await register.metrics()).split('\n')
          const counts = lines.filter((line) => line.startsWith(`${options.name}_count`))
          const own = [...new Set(routes)].slice(0, maxSeries)
          const rest = routes.filter((route) => !own.includes(route)).length
          const expected = own.map(
            (route) =>
              `${options.name}_count{method="GET",route="${route}"} ${routes.filter((it) => it === route).length}`,
          )
          if (rest > 0) expected.push(`${options.name}_count{otel_metric_overflow="true"} ${rest}`)
          expect(counts).toEqual(expected)
          const overflow = lines.filter((line) => line.startsWith('telemetry_metric_overflow_total'))
          expect(overflow).toEqual(
            rest === 0 ? [] : [`telemetry_metric_overflow_total{metric="${options.name}"} ${rest}`],
          )
        },
      ),
    )
  })
})

/** Series may come in any order, and so may labels. */
function sorted(exposition: string): string[] {
  return exposition
    .split('\n')
    .map((line) => [...line].toSorted().join(''))
    .toSorted()
}
