import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { InstalledProject } from './install/project.ts'
import { InstalledService } from './install/service.ts'
import { until } from './poll.ts'
import { readmeCode, readmeCommands } from './readme.ts'
import { exemplarOf } from './support.ts'

const STRICT = {
  strict: true,
  target: 'es2024',
  skipLibCheck: false,
  types: ['node'],
  exactOptionalPropertyTypes: true,
  esModuleInterop: true,
}
const COUNT = 'http_server_request_duration_seconds_count'

describe('the package, installed into an empty Koa project', () => {
  const [server = ''] = readmeCode('Koa', 'js')
  let project: InstalledProject

  beforeAll(async () => {
    project = await InstalledProject.create('Koa', ['@types/koa@3', '@types/node@24'])
    await project.write('server.js', server)
  })

  afterAll(async () => {
    await project?.[Symbol.asyncDispose]()
  })

  it('sends traces, logs and profiles, shows metrics, links them, and flushes at SIGTERM', async () => {
    await using service = await InstalledService.start(project.folder, ['server.js'], {
      OTEL_SERVICE_INSTANCE_ID: 'catalog-1',
    })
    const deadline = Date.now() + 3_000
    while (Date.now() < deadline) {
      await Promise.all(Array.from({ length: 20 }, (_, index) => service.get(`/concerts/${index}`)))
    }
    const exemplars = (await service.scrape('')).flatMap((line) => exemplarOf(line) ?? [])
    const { spans, logs, profiles } = service.receiver
    await until('spans', () => spans.length > 100)
    await until('log records', () => logs.length > 100)
    await until('profiles', () => profiles.length > 0)

    const servers = new Map(
      spans.filter(({ kind }) => kind === 'SPAN_KIND_SERVER').map((span) => [span.spanId, span]),
    )
    const [first] = servers.values()
    expect(first).toMatchObject({
      name: 'GET /concerts/{concertId}',
      resource: { 'service.name': 'catalog', 'service.instance.id': 'catalog-1' },
      attributes: { 'pyroscope.profile.id': first?.spanId },
    })

    // metric → trace
    expect(exemplars.length).toBeGreaterThan(0)
    for (const { traceId, spanId } of exemplars) {
      await until('the span of an exemplar', () => spans.some((span) => span.spanId === spanId))
      expect(spans.find((span) => span.spanId === spanId)?.traceId).toBe(traceId)
    }
    // trace → logs
    const lines = logs.filter(({ traceId }) => traceId === first?.traceId)
    expect(lines.map(({ body }) => body).toSorted()).toEqual(['looking up a concert', 'request completed'])
    expect(new Set(lines.map(({ spanId }) => spanId))).toEqual(new Set([first?.spanId]))
    // trace → profile
    const cpu = profiles.find(({ type }) => type === 'samples:count:cpu:nanoseconds')
    const linked = cpu?.samples.filter(({ spanId }) => spanId !== '') ?? []
    expect(linked.length).toBeGreaterThan(0)
    const known = linked.filter(({ spanId }) => servers.has(spanId))
    expect(known.length / linked.length).toBeGreaterThan(0.9)
    for (const { spanId, traceId, attributes } of known) {
      expect(traceId).toBe(servers.get(spanId)?.traceId)
      expect(attributes).toMatchObject({ 'service.name': 'catalog', service_instance_id: 'catalog-1' })
    }
    expect(known[0]?.attributes).toHaveProperty('http_route', '/concerts/{concertId}')
    const types = new Set(profiles.map(({ type }) => type))
    expect(types).toContain('wall:nanoseconds:wall:nanoseconds')
    expect(types).toContain('inuse_space:bytes:memory:bytes')

    await service.get('/concerts/marked')
    expect(await service.stop()).toBe(0)
    expect(spans.some(({ attributes }) => attributes['url.path'] === '/concerts/marked')).toBe(true)
    expect(logs.some(({ attributes }) => attributes.concertId === 'marked')).toBe(true)
    expect(service.output).toContain('"url.path":"/concerts/marked"')
    expect(service.output).not.toMatch(/warning/i)
  })

  it('is one instance for import and require', async () => {
    await project.write(
      'both.js',
      `import { createRequire } from 'node:module'
       import * as telemetry from '@faultline/telemetry'
       import * as profiles from '@faultline/telemetry/profiles'
       const require = createRequire(import.meta.url)
       const same = (imported, required) =>
         Object.keys(required).length > 0 && Object.keys(required).every((name) => imported[name] === required[name])
       telemetry.startTelemetry({ logs: false, traces: false })
       let again
       try { require('@faultline/telemetry').startTelemetry() } catch ({ message }) { again = message }
       console.log(JSON.stringify([
         same(telemetry, require('@faultline/telemetry')),
         same(profiles, require('@faultline/telemetry/profiles')),
         again,
       ]))
       process.exit()`,
    )
    expect(JSON.parse(await project.shell('node both.js'))).toEqual([
      true,
      true,
      expect.stringContaining('running already'),
    ])
  })

  it('type-checks in a strict project of ES modules', async () => {
    await mkdir(join(project.folder, 'esm'))
    await project.write('esm/package.json', JSON.stringify({ type: 'module' }))
    await project.write('esm/server.ts', server)
    const compilerOptions = { ...STRICT, module: 'nodenext', noEmit: true }
    await project.write('esm/tsconfig.json', JSON.stringify({ compilerOptions }))
    expect(await project.compile('esm')).toEqual([])
  })

  it('compiles and runs as `module: node16` without "type": "module"', async () => {
    await mkdir(join(project.folder, 'cjs'))
    await project.write('cjs/package.json', '{}')
    await project.write('cjs/server.ts', server)
    const compilerOptions = { ...STRICT, module: 'node16', outDir: 'out' }
    await project.write('cjs/tsconfig.json', JSON.stringify({ compilerOptions }))
    expect(await project.compile('cjs')).toEqual([])

    await using service = await InstalledService.start(project.folder, ['cjs/out/server.js'])
    await expectToWork(service)
  })

  it.each(readmeCommands('Bundles and TypeScript'))('works bundled: %s', async (command) => {
    await project.shell(command.replace(/^npx /, ''))
    const [, file = ''] = /--outfile=(\S+)/.exec(command) ?? []
    await using service = await InstalledService.start(project.folder, [file])
    await expectToWork(service)
  })

  // Last, as it takes the native module away.
  it('goes on without the native module, and says so', async () => {
    await rm(join(project.folder, 'node_modules/@datadog'), { recursive: true })
    await using service = await InstalledService.start(project.folder, ['server.js'])
    await service.get('/concerts/1')
    await until('the span', () => service.receiver.spans.length > 0)
    expect(await service.scrape(COUNT)).toEqual([expect.stringMatching(/ 1$/)])
    expect(service.output).toMatch(/@datadog\/pprof.*profiles are off: the native profiler does not load/)
    expect(await service.stop()).toBe(0)
    expect(service.receiver.profiles).toEqual([])
  })
})

/** All four signals, of one request. */
async function expectToWork(service: InstalledService): Promise<void> {
  await service.get('/concerts/1')
  const [line] = await service.scrape(COUNT)
  expect(line).toBe(
    `${COUNT}{http_request_method="GET",http_route="/concerts/{concertId}",http_response_status_code="200"} 1`,
  )
  const { spans, logs, profiles } = service.receiver
  await until('the spans', () => spans.some(({ name }) => name === 'GET /concerts/{concertId}'))
  await until('the log records', () => logs.length === 2)
  expect(await service.stop()).toBe(0)
  expect(profiles.length).toBeGreaterThan(0)
}
