import { OtlpReceiver } from '@faultline/test-support/otlp-receiver'
import { freePort } from '@faultline/test-support/ports'
import Koa from 'koa'
import { request } from 'undici'
import { describe, expect, it, vi } from 'vitest'
import { until } from './poll.ts'
import { TestService } from './support.ts'

const FAST = { scheduleDelayMs: 20, maxBatchSize: 10, maxQueueSize: 40 }

async function load(service: TestService, requests: number): Promise<number> {
  const app = new Koa()
  app.use(service.telemetry.middleware())
  app.use((ctx) => {
    ctx.body = 'fine'
  })
  const url = await service.listen(app)
  let good = 0
  for (let index = 0; index < requests; index += 1) {
    const { statusCode, body } = await request(url)
    await body.dump()
    if (statusCode === 200) good += 1
  }
  return good
}

async function counter(service: TestService, name: string, labels: string): Promise<number> {
  const line = (await service.scrape(name)).find((one) => one.includes(labels))
  return Number(line?.split(' ').at(-1) ?? 0)
}

describe('a collector in trouble', () => {
  it('does not touch the service when it is away, drops and counts, and says so once', async () => {
    const port = await freePort()
    const endpoint = `http://127.0.0.1:${port}`
    await using service = await TestService.start({ httpClient: false, exporter: { ...FAST, endpoint } })
    const warn = vi.spyOn(service.telemetry.logger, 'warn')
    const info = vi.spyOn(service.telemetry.logger, 'info')
    expect(await load(service, 100)).toBe(100)
    const dropped = await until('spans to be dropped', async () => {
      const count = await counter(
        service,
        'telemetry_items_dropped_total',
        'signal="traces",reason="queue_full"',
      )
      return count > 0 && count
    })
    expect(dropped).toBeLessThanOrEqual(100 - FAST.maxQueueSize + FAST.maxBatchSize)
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      { 'url.full': endpoint, 'error.type': 'ECONNREFUSED' },
      expect.stringContaining('telemetry does not get through'),
    )

    // The collector comes up: what waited arrives, and nothing twice.
    await using receiver = await OtlpReceiver.start(port)
    await until('waiting spans to arrive', () => receiver.spans.length >= 100 - dropped)
    expect(receiver.spans).toHaveLength(100 - dropped)
    expect(new Set(receiver.spans.map(({ spanId }) => spanId)).size).toBe(100 - dropped)
    expect(info).toHaveBeenCalledWith(expect.anything(), 'telemetry gets through again')
  })

  it('waits as long as a busy collector asks for', async () => {
    await using service = await TestService.start({ httpClient: false, logs: false, exporter: FAST })
    const times: number[] = []
    service.receiver.intercept = (_request, response) => {
      times.push(Date.now())
      if (times.length > 1) return false
      response.writeHead(429, { 'retry-after': '1' }).end()
      return true
    }
    expect(await load(service, 5)).toBe(5)
    await until('the spans', () => service.receiver.spans.length === 5)
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990)
    expect(await counter(service, 'telemetry_export_batches_total', 'signal="traces",outcome="retry"')).toBe(
      1,
    )
  })

  it('gives up on a refusal', async () => {
    await using service = await TestService.start({ httpClient: false, logs: false, exporter: FAST })
    service.receiver.intercept = (_request, response) => {
      response.writeHead(400).end()
      return true
    }
    await load(service, 3)
    await service.telemetry.flush()
    expect(await counter(service, 'telemetry_items_dropped_total', 'reason="refused"')).toBe(3)
  })

  it('cuts off a collector that does not answer, without a request noticing', async () => {
    const exporter = { ...FAST, timeoutMs: 100, maxRetryMs: 0 }
    await using service = await TestService.start({ httpClient: false, logs: false, exporter })
    service.receiver.intercept = () => true
    const startMs = Date.now()
    expect(await load(service, 20)).toBe(20)
    expect(Date.now() - startMs).toBeLessThan(5_000)
    await until(
      'a batch to be given up',
      async () => (await counter(service, 'telemetry_items_dropped_total', 'reason="retries_exhausted"')) > 0,
    )
  })

  it('flushes at the shutdown, in bounded time', async () => {
    const service = await TestService.start({ httpClient: false, exporter: { scheduleDelayMs: 60_000 } })
    await load(service, 7)
    expect(service.receiver.spans).toEqual([])
    await service.telemetry.shutdown()
    expect(service.receiver.spans).toHaveLength(7)
    expect(service.receiver.logs).toHaveLength(7)
    await service[Symbol.asyncDispose]()

    await using stuck = await TestService.start({ httpClient: false, exporter: { scheduleDelayMs: 60_000 } })
    stuck.receiver.intercept = () => true
    await load(stuck, 3)
    const startMs = Date.now()
    await stuck.telemetry.shutdown(200)
    expect(Date.now() - startMs).toBeLessThan(2_000)
    await until(
      'the loss to be counted',
      async () =>
        (await counter(stuck, 'telemetry_items_dropped_total', 'signal="traces",reason="shutdown"')) === 3,
    )
  })

  it('does not hold up the shutdown when the collector is away', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`
    await using service = await TestService.start({ httpClient: false, exporter: { endpoint } })
    await load(service, 3)
    const startMs = Date.now()
    await service.telemetry.shutdown(30_000)
    expect(Date.now() - startMs).toBeLessThan(5_000)
    expect(await counter(service, 'telemetry_items_dropped_total', 'signal="traces",reason="shutdown"')).toBe(
      3,
    )
  })

  it('compresses when asked to', async () => {
    await using service = await TestService.start({ httpClient: false, exporter: { compression: 'gzip' } })
    let encoding: string | undefined
    service.receiver.intercept = ({ headers }) => {
      encoding = headers['content-encoding']
      return false
    }
    await load(service, 2)
    await service.telemetry.flush()
    expect(encoding).toBe('gzip')
    expect(service.receiver.spans).toHaveLength(2)
  })
})
