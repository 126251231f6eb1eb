import { Agent, type RequestListener, request } from 'node:http'
import { testTelemetry } from '@faultline/test-support/telemetry'
import { afterEach, describe, expect, it } from 'vitest'
import { EnvironmentError } from './config.ts'
import { type RunnableService, type Service, startService } from './run-service.ts'

const services: Service[] = []

afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.stop()))
})

interface Started {
  handler?: RequestListener
  checks?: RunnableService['checks']
  port?: number
  adminPort?: number
  drainTimeoutMs?: number
}

async function start(options: Started = {}) {
  const {
    handler = (_req, res) => res.end('ok'),
    checks = {},
    port = 0,
    adminPort = 0,
    ...rest
  }: Started = options
  const events: string[] = []
  const runnable = {
    app: { callback: () => handler },
    checks,
    async close() {
      events.push('closed')
    },
  }
  const service = await startService(runnable, {
    config: { host: '127.0.0.1', port, adminPort },
    telemetry: {
      logger: testTelemetry().logger,
      metricsHandler: async (_req, res) => void res.end('metrics'),
      async shutdown() {
        events.push('telemetry flushed')
      },
    },
    ...rest,
  })
  services.push(service)
  return {
    service,
    events,
    url: `http://127.0.0.1:${service.port}`,
    adminUrl: `http://127.0.0.1:${service.adminPort}`,
  }
}

const statusOf = async (url: string) => (await fetch(url)).status

describe('startService', () => {
  it('serves liveness, readiness and metrics on the admin listener only', async () => {
    const { url, adminUrl } = await start()
    expect(await statusOf(`${adminUrl}/livez`)).toBe(200)
    expect(await statusOf(`${adminUrl}/readyz`)).toBe(200)
    expect(await (await fetch(`${adminUrl}/metrics`)).text()).toBe('metrics')
    expect(await statusOf(`${adminUrl}/__proto__`)).toBe(404)
    expect(await (await fetch(`${url}/metrics`)).text()).toBe('ok')
  })

  it('is alive but not ready while a check fails', async () => {
    const checks = { database: () => Promise.reject(new Error('away')) }
    const { adminUrl } = await start({ checks })
    expect(await statusOf(`${adminUrl}/livez`)).toBe(200)
    const answer = await fetch(`${adminUrl}/readyz`)
    expect(answer.status).toBe(503)
  })

  it('names the port that is in use and the way out', async () => {
    const { service } = await start()
    await expect(start({ port: service.port })).rejects.toThrow(
      new EnvironmentError(
        `port ${service.port} on 127.0.0.1 is in use. Stop the process that has it, or set PORT to a free port`,
      ),
    )
    await expect(start({ adminPort: service.port })).rejects.toThrow('set ADMIN_PORT to a free port')
  })

  it('answers the requests under way before it stops, closes keep-alive connections, then flushes', async () => {
    const gate = Promise.withResolvers<void>()
    const underWay = Promise.withResolvers<void>()
    const { service, events, url, adminUrl } = await start({
      handler: async (req, res) => {
        if (req.url === '/slow') {
          underWay.resolve()
          await gate.promise
        }
        res.end('ok')
      },
    })
    const agent = new Agent({ keepAlive: true })
    await answerOver(agent, url)
    const slow = answerOver(agent, `${url}/slow`)
    await underWay.promise

    const stopped = service.stop()
    expect(await statusOf(`${adminUrl}/readyz`)).toBe(503)
    expect(await statusOf(`${adminUrl}/livez`)).toBe(200)
    await expect
      .poll(() =>
        fetch(url).then(
          () => 'taken',
          () => 'refused',
        ),
      )
      .toBe('refused')
    expect(events).toEqual([])

    gate.resolve()
    expect(await slow).toEqual({ status: 200, connection: 'close' })
    await stopped
    expect(events).toEqual(['closed', 'telemetry flushed'])
  })

  it('does not wait for a request longer than its limit', async () => {
    const underWay = Promise.withResolvers<void>()
    const { service, url } = await start({ handler: () => underWay.resolve(), drainTimeoutMs: 50 })
    const hanging = fetch(url).then(
      () => 'answered',
      () => 'cut',
    )
    await underWay.promise
    await service.stop()
    expect(await hanging).toBe('cut')
  })

  it('stops once, however often it is told', async () => {
    const { service, events } = await start()
    await Promise.all([service.stop(), service.stop()])
    expect(events).toEqual(['closed', 'telemetry flushed'])
  })
})

function answerOver(
  agent: Agent,
  url: string,
): Promise<{ status: number | undefined; connection: string | undefined }> {
  return new Promise((resolve, reject) => {
    request(url, { agent }, (response) => {
      response.resume()
      response.on('end', () =>
        resolve({ status: response.statusCode, connection: response.headers.connection }),
      )
    })
      .on('error', reject)
      .end()
  })
}
