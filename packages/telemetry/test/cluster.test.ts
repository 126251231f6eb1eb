import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { OtlpReceiver } from '@faultline/test-support/otlp-receiver'
import { freePort } from '@faultline/test-support/ports'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { until } from './poll.ts'
import { readmeCode } from './readme.ts'
import { exemplarOf } from './support.ts'

const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url))
/** Five processes that start at once, on few cores. */
const START_TIMEOUT_MS = 120_000
const COUNT = 'http_server_request_duration_seconds_count'

describe('four workers of node:cluster, as the README has them', () => {
  let project: string
  let receiver: OtlpReceiver
  let primary: ChildProcess
  let url: string
  let adminUrl: string
  let output = ''
  let answered = 0
  const pids = new Set<number>()

  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'telemetry-cluster-'))
    await symlink(modules, join(project, 'node_modules'))
    const [code = ''] = readmeCode('node:cluster and pm2', 'js')
    await writeFile(join(project, 'server.mjs'), code)
    receiver = await OtlpReceiver.start()
    const [port, adminPort] = [await freePort(), await freePort()]
    url = `http://127.0.0.1:${port}`
    adminUrl = `http://127.0.0.1:${adminPort}/metrics`
    primary = spawn(process.execPath, ['server.mjs'], {
      cwd: project,
      env: {
        PATH: process.env.PATH,
        PORT: String(port),
        ADMIN_PORT: String(adminPort),
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
        FAULTLINE_TRACES_KEEP_RATIO: '1',
      },
    })
    for (const stream of [primary.stdout, primary.stderr]) {
      stream?.on('data', (chunk) => {
        output += String(chunk)
      })
    }
    await untilWorkers(4)
  })

  afterAll(async () => {
    primary?.kill('SIGKILL')
    await receiver?.[Symbol.asyncDispose]()
    await rm(project, { recursive: true, force: true })
  })

  /** One request over a connection of its own, which goes to the next worker. */
  async function call(): Promise<void> {
    const { body } = await request(url, { reset: true })
    const { pid } = (await body.json()) as { pid: number }
    answered += 1
    pids.add(pid)
  }

  async function untilWorkers(count: number): Promise<void> {
    await until(
      `${count} workers to have answered`,
      async () => {
        if (primary.exitCode !== null) throw new Error(`the primary ended: ${output}`)
        await call().catch(() => {})
        return pids.size >= count
      },
      START_TIMEOUT_MS,
    )
  }

  async function scrape(): Promise<{ body: string; total: number }> {
    const response = await request(adminUrl)
    expect(response.headers['content-type']).toMatch('application/openmetrics-text')
    const body = await response.body.text()
    const total = body
      .split('\n')
      .filter((line) => line.startsWith(COUNT))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
    return { body, total }
  }

  it('adds up all workers, with their exemplars', async () => {
    let last = 0
    for (let round = 0; round < 20; round += 1) {
      await call()
      const { total } = await scrape()
      expect(total).toBeGreaterThanOrEqual(last)
      last = total
    }
    await until('the sum of all', async () => (await scrape()).total === answered)
    const { body } = await scrape()
    expect(body).toMatch(/# EOF\n$/)
    expect(body).toMatch(/^http_server_active_requests\{.*\} 0$/m)
    expect(body.match(new RegExp(`^# TYPE ${COUNT.replace(/_count$/, '')} `, 'gm'))).toHaveLength(1)
    const exemplars = body.split('\n').flatMap((line) => exemplarOf(line) ?? [])
    expect(exemplars.length).toBeGreaterThan(0)
    for (const { spanId } of exemplars) {
      await until('the span of an exemplar', () => receiver.spans.some((span) => span.spanId === spanId))
    }
    const instances = new Set(receiver.spans.map(({ resource }) => resource['service.instance.id']))
    expect(instances.size).toBeGreaterThanOrEqual(4)
  })

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'loses nothing when a worker ends by %s and is replaced',
    { timeout: 2 * START_TIMEOUT_MS },
    async (signal) => {
      // By SIGTERM a worker tells what nobody has asked for yet.
      if (signal === 'SIGTERM') for (let count = 0; count < 8; count += 1) await call()
      let { total: last } = await scrape()
      if (signal === 'SIGTERM') for (let count = 0; count < 8; count += 1) await call()
      const [worker] = [...pids].slice(signal === 'SIGTERM' ? 0 : 1)
      process.kill(worker as number, signal)
      const known = pids.size
      await until(
        'another worker to answer',
        async () => {
          const { total } = await scrape()
          expect(total).toBeGreaterThanOrEqual(last)
          last = total
          await call().catch(() => {})
          return pids.size > known
        },
        START_TIMEOUT_MS,
      )
      await until('the sum of all', async () => (await scrape()).total === answered)
    },
  )

  it('answers when a worker does not, with what that had said before', async () => {
    const { total } = await scrape()
    const worker = [...pids].at(-1) as number
    onTestFinished(() => {
      process.kill(worker, 'SIGCONT')
    })
    process.kill(worker, 'SIGSTOP')
    expect((await scrape()).total).toBe(total)
  })

  it('ends with its workers', async () => {
    primary.kill('SIGTERM')
    const [code] = (await once(primary, 'exit')) as [number | null]
    expect(code).toBe(0)
    expect(output).not.toMatch(/"level":"(error|warn)"|Error/)
  })
})
