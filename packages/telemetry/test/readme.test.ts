import { globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type Koa from 'koa'
import pg from 'pg'
import { Counter } from 'prom-client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRegistry, defaults, startTelemetry, type TelemetryOptions } from '../src/index.ts'
import { profileDefaults } from '../src/profiles/index.ts'
import { warnOfUnread } from '../src/warnings.ts'
import { InstalledService } from './install/service.ts'
import { until } from './poll.ts'
import { readmeCode } from './readme.ts'
import { exemplarOf, TestService } from './support.ts'

const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url))
/** Where the SDK and its exporters read the environment. */
const READERS = [
  'sdk-node',
  'resources',
  'otlp-exporter-base',
  'exporter-metrics-otlp-http',
  'exporter-zipkin',
]

/** Cells of the tables below a title, without their heads. */
function readmeTable(title: string): string[][] {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const section = readme.split(/^#{2,4} /m).find((text) => text.startsWith(`${title}\n`)) ?? ''
  const tables = section.match(/(?:^\|.*\n)+/gm) ?? []
  return tables.flatMap((table) =>
    table
      .trim()
      .split('\n')
      .slice(2)
      .map((row) =>
        row
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ),
  )
}

/** Names in a cell; `…_X` stands for the first name's prefix. */
function variablesOf(cell: string): string[] {
  const names = [...cell.matchAll(/`([A-Z…][A-Z_]+)`/g)].map(([, name = '']) => name)
  const prefix = names[0]?.replace(/_[A-Z]+$/, '') ?? ''
  return names.map((name) => name.replace('…', prefix))
}

describe('the table of standard variables', () => {
  const rows = readmeTable('Standard variables')
  let warnings: string[]

  beforeEach(() => {
    warnings = []
    vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)))
  })

  afterEach(() => {
    vi.restoreAllMocks()
  })

  it.each(rows.filter(([, reader]) => reader === 'no effect').flatMap(([names = '']) => variablesOf(names)))(
    'says that %s has no effect, and so does a warning',
    (name) => {
      warnOfUnread({ [name]: '1' })
      expect(warnings).toEqual([expect.stringContaining(`${name} has no effect`)])
    },
  )

  it.each(['OTEL_PROPAGATORS', 'OTEL_TRACES_EXPORTER', 'OTEL_LOGS_EXPORTER', 'OTEL_METRICS_EXPORTER'])(
    'names what %s knows: of all else a warning says that it has no effect',
    (name) => {
      const [, , known = ''] = rows.find(([names = '']) => variablesOf(names).includes(name)) ?? []
      const values = [...known.matchAll(/`([a-z0-9]+)`/g)].map(([, value]) => value)
      warnOfUnread({ [name]: values.join(',') })
      expect(warnings).toEqual([])
      warnOfUnread({ [name]: 'jaeger' })
      expect(warnings).toEqual([expect.stringContaining(`${name}=jaeger has no effect`)])
    },
  )

  it('has every variable that the SDK reads', () => {
    const read = READERS.flatMap((name) => globSync(join(modules, '@opentelemetry', name, 'dist/**/*.mjs')))
      .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/["'](OTEL_[A-Z_]+[A-Z])["']/g)])
      .map(([, name]) => name)
    expect(read.length).toBeGreaterThan(30)
    const told = rows.flatMap(([names = '']) => variablesOf(names))
    expect(read.filter((name = '') => !told.includes(name))).toEqual([])
  })
})

describe('the tables of options', () => {
  const told = new Map(
    readmeTable('Options').flatMap(([options = '', , value = '']) => optionsOf(options, value)),
  )

  const all = { ...defaults, profiles: profileDefaults }
  const options = Object.entries(all).flatMap(([group, values]) =>
    Object.entries(values).map(([key, value]) => [`${group}.${key}`, textOf(value)] as const),
  )

  it.each(options)('have %s with its default', (name, value) => {
    expect(told.get(name)).toBe(value)
  })
})

/** `exporter.a`, `.b` and `profiles({ a, b })` are names of options; defaults stand in the same order. */
function optionsOf(cell: string, value: string): [name: string, value: string][] {
  const [, group = '', first = ''] = /`([a-z]\w*)(?:\.|\(\{ )([^`]*?)(?: \}\))?`/i.exec(cell) ?? []
  const others = [...cell.matchAll(/`\.(\w+)`/g)].map(([, name = '']) => name)
  const values = value.replaceAll('`', '').split(/, (?=\S)/)
  return [...first.split(', '), ...others].map((name, index) => [
    `${group}.${name}`,
    values[index] ?? values[0] ?? '',
  ])
}

function textOf(value: unknown): string {
  if (typeof value === 'number') return value.toLocaleString('en')
  if (Array.isArray(value)) return value.length > 0 ? `${value[0]} … ${value.at(-1)}` : 'none'
  if (typeof value === 'object') return 'none'
  return String(value)
}

describe('what people copy', () => {
  it('gives exemplars with one part alone', { timeout: 60_000 }, async () => {
    await using stack = new AsyncDisposableStack()
    const service = await startCode(stack, {
      'telemetry.js': readmeCode('Only the exemplars', 'js')[0],
      'server.js': readmeCode('Express', 'js')[1],
    })
    await service.get('/concerts/1')
    const [exemplar] = (await service.scrape('http_server_request_duration_seconds_bucket')).flatMap(
      (line) => exemplarOf(line) ?? [],
    )
    expect(await service.stop()).toBe(0)
    const span = service.receiver.spans.find(({ spanId }) => spanId === exemplar?.spanId)
    expect(span).toMatchObject({
      kind: 'SPAN_KIND_SERVER',
      traceId: exemplar?.traceId,
      resource: { 'service.name': 'catalog' },
    })
    expect(service.receiver.requests).not.toContain('/v1/metrics')
  })

  it('asks a sampler of one’s own only where a trace begins', { timeout: 60_000 }, async () => {
    await using stack = new AsyncDisposableStack()
    const [telemetry, server] = readmeCode('Processors, exporters and samplers of your own', 'js')
    const service = await startCode(stack, { 'telemetry.js': telemetry, 'server.js': server })
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    for (const flags of ['00', '01']) {
      const traceparent = `00-${traceId}-00f067aa0ba902b7-${flags}`
      await fetch(`${service.url}/flags/${flags}`, { headers: { traceparent } })
    }
    expect(await service.scrape('http_server_request_duration_seconds_count')).toEqual([
      expect.stringMatching(/ 2$/),
    ])
    expect(await service.stop()).toBe(0)
    const { spans } = service.receiver
    expect(spans.map((span) => [span.traceId, span.attributes['url.path']])).toEqual([[traceId, '/flags/01']])
  })

  it('links to nothing that is not packed', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    const targets = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target)
    const titles = [...readme.matchAll(/^#{2,4} (.+)$/gm)].map(([, title = '']) => title.toLowerCase())
    const anchors = titles.map((title) => `#${title.replace(/[^\w\s-]/g, '').replaceAll(' ', '-')}`)
    expect(targets.length).toBeGreaterThan(5)
    expect(targets.filter((target) => !target.startsWith('https://') && !anchors.includes(target))).toEqual(
      [],
    )
  })

  it('works line by line', async () => {
    await using service = await TestService.start()
    const { telemetry } = service
    const done: unknown[] = []
    const given = {
      telemetry,
      pg,
      Counter,
      event: { id: 'event-1' },
      subject: 'orders.confirmed',
      payload: 'payload',
      headers: new Map<string, string>(),
      jetstream: { publish: async (...args: unknown[]) => void done.push(args) },
      render: async (event: unknown) => void done.push(event),
      startTelemetry: (options: TelemetryOptions) => void done.push(options),
    }
    const blocks = readmeCode('Clients, databases, messages', 'js')
    expect(blocks).toHaveLength(4)
    for (const block of blocks) await run(block, given)
    expect(done[0]).toHaveProperty('httpClient.peerServices')
    expect(done[1]).toEqual(['orders.confirmed', 'payload', { headers: given.headers }])
    expect(done[2]).toBe(given.event)
    expect(await service.scrape('db_client_connection_max')).toHaveLength(1)
    expect(await service.scrape('messaging_process_duration_seconds_count')).toHaveLength(1)
    expect(await service.scrape('reservations_total')).toEqual(['reservations_total 1'])
    await telemetry.flush()
    const { spans } = service.receiver
    await until('both spans', () => spans.length === 2)
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1)
  })

  it('observes errors below an error middleware', async () => {
    await using service = await TestService.start()
    const { default: Application } = await import('koa')
    const app = new Application()
    const problems: Koa.Middleware = async (ctx, next) => {
      await next().catch(() => {
        ctx.status = 503
      })
    }
    await run(readmeCode('Koa', 'js')[1] ?? '', { app, problems, telemetry: service.telemetry })
    app.use(() => {
      throw new RangeError('sold out')
    })
    await fetch(await service.listen(app))
    await until('the span', async () => {
      await service.telemetry.flush()
      return service.receiver.spans.some(({ kind }) => kind === 'SPAN_KIND_SERVER')
    })
    const server = service.receiver.spans.find(({ kind }) => kind === 'SPAN_KIND_SERVER')
    expect(server).toMatchObject({ events: [{ attributes: { 'exception.type': 'RangeError' } }] })
  })

  it('gives every exported trace its exemplars without a collector', async () => {
    vi.stubEnv('FAULTLINE_TRACES_KEEP_RATIO', '0')
    const started: TelemetryOptions[] = []
    const [block = ''] = readmeCode('Prometheus without a collector', 'js')
    await run(block, { startTelemetry: (options: TelemetryOptions) => void started.push(options) })
    const telemetry = startTelemetry({ ...started[0], logs: false, register: createRegistry() })
    telemetry.withSpan('job', () => expect(telemetry.exemplar()).toBeDefined())
    await telemetry.shutdown(1)
    vi.unstubAllEnvs()
  })
})

/** Starts a service from files, with the modules of this repository. */
async function startCode(
  stack: AsyncDisposableStack,
  files: Readonly<Record<string, string | undefined>>,
): Promise<InstalledService> {
  const folder = await mkdtemp(join(tmpdir(), 'telemetry-readme-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  await symlink(modules, join(folder, 'node_modules'))
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  for (const [name, code = ''] of Object.entries(files)) await writeFile(join(folder, name), code)
  return stack.use(await InstalledService.start(folder, ['--import', './telemetry.js', 'server.js']))
}

/** Runs a block; the names that it imports, and all other free ones, are given. */
async function run(code: string, given: Readonly<Record<string, unknown>>): Promise<void> {
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as FunctionConstructor
  const body = code.replaceAll(/^import .*$/gm, '')
  await AsyncFunction(...Object.keys(given), `{ ${body} }`)(...Object.values(given))
}
