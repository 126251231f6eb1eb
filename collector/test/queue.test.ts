import { logRecord, logs, plain, send, span, traces } from '@faultline/test-support/otlp'
import { expect, test } from 'vitest'
import { Collector } from './support/collector.ts'
import { Sink } from './support/sink.ts'

/** The value of a metric of the collector itself, summed over its series that have `label`. */
async function own(collector: Collector, metric: string, label = ''): Promise<number> {
  const text = await (await fetch(collector.metrics)).text()
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${metric}{`) && line.includes(label))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'what was accepted outlives a backend that is down and a collector that gets %s',
  async (signal) => {
    const count = 40
    await using sink = await Sink.start()
    await using collector = await Collector.start({ sink: sink.url })
    await sink.down()

    const expected = new Set<string>()
    const spanIds = new Set<string>()
    for (let index = 0; index < count; index += 1) {
      expected.add(`line ${index}`)
      await send(collector.otlp, '/v1/logs', logs([logRecord(`line ${index}`)]))
      const kept = span({ attributes: { 'sampling.keep': true, index } })
      spanIds.add(kept.spanId)
      await send(collector.otlp, '/v1/traces', traces([kept]))
    }
    // A trace is on disk from its sampling decision on.
    await expect
      .poll(
        () =>
          own(collector, 'otelcol_processor_tail_sampling_global_count_traces_sampled', 'decision="sampled"'),
        {
          timeout: 20_000,
        },
      )
      .toBe(count)
    await expect
      .poll(() => own(collector, 'otelcol_exporter_queue_size', 'exporter="otlp_http/tempo"'))
      .toBeGreaterThan(0)
    await expect
      .poll(() => own(collector, 'otelcol_exporter_queue_size', 'exporter="otlp_http/loki"'))
      .toBeGreaterThan(0)
    expect(sink.requests.filter(({ path }) => !path.endsWith('/v1/metrics'))).toEqual([])

    await collector.kill(signal)
    await collector.run()
    await sink.up()

    const lines = (): Set<string> => new Set(sink.logRecords.map(({ body }) => body.stringValue ?? ''))
    const spans = (): Set<string> => new Set(sink.spans.map(({ spanId }) => spanId))
    await expect.poll(lines, { timeout: 40_000, interval: 200 }).toEqual(expected)
    await expect.poll(spans, { timeout: 40_000, interval: 200 }).toEqual(spanIds)
    expect(new Set(sink.spans.map((found) => plain(found.attributes).index)).size).toBe(count)
  },
)

test('SIGTERM decides the traces that are still waiting and leaves none behind', async () => {
  await using sink = await Sink.start()
  await using collector = await Collector.start({ sink: sink.url })
  const kept = span({ attributes: { 'sampling.keep': true } })
  await send(collector.otlp, '/v1/traces', traces([kept, span()]))
  await collector.kill('SIGTERM')
  // Whatever the end was too quick to send stands in the queue on disk.
  await collector.run()
  await expect.poll(() => sink.spans.map(({ spanId }) => spanId), { timeout: 10_000 }).toEqual([kept.spanId])
})

test('what is too much for one request of a backend is split', async () => {
  await using sink = await Sink.start()
  await using collector = await Collector.start({ sink: sink.url })
  const lines = Array.from({ length: 1_000 }, (_, index) => logRecord(`${index} ${'x'.repeat(10_000)}`))
  await send(collector.otlp, '/v1/logs', logs(lines))
  await expect.poll(() => sink.logRecords.length, { timeout: 20_000 }).toBe(lines.length)
  const sizes = sink.requests
    .filter(({ path }) => path.endsWith('/v1/logs'))
    .map(({ body }) => JSON.stringify(body).length)
  // 4 MiB of protobuf; JSON is a little longer.
  expect(Math.max(...sizes)).toBeLessThan(5 * 1024 * 1024)
})
