import { serve, testTelemetry } from '@faultline/test-support/telemetry'
import Koa from 'koa'
import { describe, expect, it } from 'vitest'
import { type LoadSheddingOptions, loadShedding } from './load-shedding.ts'
import { problems } from './problems.ts'

async function startApp(options: Partial<LoadSheddingOptions>) {
  const telemetry = testTelemetry()
  const gate = Promise.withResolvers<void>()
  let started = 0
  const app = new Koa()
  app.use(problems({ logger: telemetry.logger }))
  app.use(loadShedding({ register: telemetry.register, isOn: () => true, ...options }))
  app.use(async (ctx) => {
    started++
    if (ctx.path === '/slow') await gate.promise
    if (ctx.path === '/fails') throw new Error('fails')
    ctx.body = 'ok'
  })
  const server = await serve(app)
  return { server, telemetry, gate, started: () => started }
}

describe('loadShedding', () => {
  it('turns away what is past the limit at once, and takes requests again afterwards', async () => {
    const { server, telemetry, gate, started } = await startApp({ maxConcurrent: 2 })
    await using _ = server
    const slow = [fetch(`${server.url}/slow`), fetch(`${server.url}/slow`)]
    await expect.poll(started).toBe(2)

    const shed = await fetch(server.url)
    expect(shed.status).toBe(503)
    expect(shed.headers.get('retry-after')).toBe('1')
    expect(shed.headers.get('content-type')).toBe('application/problem+json')
    expect(await telemetry.value('load_shed_requests_total', { reason: 'concurrency' })).toBe(1)

    gate.resolve()
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200])
    expect((await fetch(server.url)).status).toBe(200)
  })

  it('turns nobody away while it is switched off, and counts on', async () => {
    let isOn = false
    const { server, gate, started } = await startApp({ maxConcurrent: 1, isOn: () => isOn })
    await using _ = server
    const slow = [fetch(`${server.url}/slow`), fetch(`${server.url}/slow`)]
    await expect.poll(started).toBe(2)
    isOn = true
    expect((await fetch(server.url)).status).toBe(503)
    gate.resolve()
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200])
  })

  it('gives the place of a request back that fails', async () => {
    const { server } = await startApp({ maxConcurrent: 1 })
    await using _ = server
    expect((await fetch(`${server.url}/fails`)).status).toBe(500)
    expect((await fetch(server.url)).status).toBe(200)
  })

  it('turns requests away while the event loop is late', async () => {
    let delayMs = 0
    const { server, telemetry } = await startApp({
      maxEventLoopDelayMs: 100,
      sampleIntervalMs: 5,
      readEventLoopDelayMs: () => delayMs,
    })
    await using _ = server
    expect((await fetch(server.url)).status).toBe(200)
    delayMs = 150
    await expect.poll(async () => (await fetch(server.url)).status).toBe(503)
    expect(await telemetry.value('load_shed_requests_total', { reason: 'event_loop_delay' })).toBeGreaterThan(
      0,
    )
    delayMs = 50
    await expect.poll(async () => (await fetch(server.url)).status).toBe(200)
  })

  it('takes no notice of one long pause', async () => {
    const delays = [500]
    const { server, telemetry } = await startApp({
      maxEventLoopDelayMs: 100,
      sampleIntervalMs: 5,
      readEventLoopDelayMs: () => delays.shift() ?? 0,
    })
    await using _ = server
    await expect.poll(() => delays).toEqual([])
    expect((await fetch(server.url)).status).toBe(200)
    expect(await telemetry.value('load_shed_requests_total', { reason: 'event_loop_delay' })).toBe(0)
  })

  it('measures the delay of the event loop itself', async () => {
    const { server, telemetry } = await startApp({ maxEventLoopDelayMs: 10, sampleIntervalMs: 200 })
    await using _ = server
    const blockFor = (ms: number) => {
      const end = performance.now() + ms
      while (performance.now() < end);
    }
    await expect
      .poll(
        async () => {
          blockFor(150)
          await fetch(server.url)
          return telemetry.value('load_shed_requests_total', { reason: 'event_loop_delay' })
        },
        // A busy machine gets fewer turns of the event loop measured in the same time.
        { timeout: 25_000 },
      )
      .toBeGreaterThan(0)
  }, 30_000)
})
