import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { copiesOf, ONE_COPY } from './install/copies.ts'
import { InstalledProject } from './install/project.ts'
import { InstalledService } from './install/service.ts'
import { until } from './poll.ts'
import { readmeCode } from './readme.ts'
import { exemplarOf } from './support.ts'

const INSTALL_TIMEOUT_MS = 300_000
const ROUTE = 'http_request_method="GET",http_route="/concerts/:concertId",http_response_status_code="200"'

/** A project by a section of the README, whose code is in these files, in order. */
async function projectOf(title: string, files: readonly string[], others: readonly string[] = []) {
  const project = await InstalledProject.create(title, others)
  const code = readmeCode(title, 'js')
  for (const [index, file] of files.entries()) await project.write(file, code[index] ?? '')
  return project
}

async function expectOneTrace(service: InstalledService): Promise<void> {
  for (const id of [1, 2, 3]) await service.get(`/concerts/${id}`)
  await service.scrape('')
  const counts = await service.scrape('http_server_request_duration_seconds_count')
  expect(counts).toEqual([`http_server_request_duration_seconds_count{${ROUTE}} 3`])
  expect(await service.scrape('http_server_active_requests{')).toEqual([expect.stringMatching(/ 0$/)])
  const exemplars = (await service.scrape('')).flatMap((line) => exemplarOf(line) ?? [])
  expect(exemplars.length).toBeGreaterThan(0)
  const { spans, logs } = service.receiver
  for (const { spanId } of exemplars) {
    await until('the span of an exemplar', () => spans.some((span) => span.spanId === spanId))
  }
  expect(spans.filter(({ kind }) => kind === 'SPAN_KIND_SERVER')).toHaveLength(3)
  // trace → log
  const line = await until('the log record', () =>
    logs.find(({ attributes }) => attributes.concertId === '2'),
  )
  expect(spans.map(({ traceId }) => traceId)).toContain(line.traceId)
}

it('counts and traces Express, without a native module', { timeout: INSTALL_TIMEOUT_MS }, async () => {
  await using project = await projectOf(
    'Express',
    ['telemetry.js', 'server.js'],
    ['@types/express@5', '@types/node@24'],
  )
  expect(copiesOf(project.folder)).toEqual(ONE_COPY)
  expect(existsSync(join(project.folder, 'node_modules/@datadog'))).toBe(false)

  await using service = await InstalledService.start(project.folder, [
    '--import',
    './telemetry.js',
    'server.js',
  ])
  await expectOneTrace(service)
  expect(await service.stop()).toBe(0)
  expect(service.output).not.toMatch(/profile|warning/i)

  const [telemetry = '', server = ''] = readmeCode('Express', 'js')
  await project.write('telemetry.ts', telemetry)
  await project.write('server.ts', server)
  const compilerOptions = {
    strict: true,
    module: 'nodenext',
    target: 'es2024',
    types: ['node'],
    noEmit: true,
  }
  await project.write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  expect(await project.compile('.')).toEqual([])
})

it('counts and traces Fastify, beside older parts of the SDK', { timeout: INSTALL_TIMEOUT_MS }, async () => {
  await using project = await projectOf('Fastify', ['telemetry.js', 'server.js'])
  // Those of @fastify/otel are below it, and all others share the ones at the top.
  for (const [part, places] of Object.entries(copiesOf(project.folder))) {
    expect(places.filter((place) => !place.startsWith('node_modules/@fastify/otel/'))).toEqual(ONE_COPY[part])
  }
  await using service = await InstalledService.start(project.folder, [
    '--import',
    './telemetry.js',
    'server.js',
  ])
  await expectOneTrace(service)
  expect(await service.stop()).toBe(0)
})

it('takes processors, exporters and samplers of one’s own', { timeout: INSTALL_TIMEOUT_MS }, async () => {
  await using project = await projectOf('Processors, exporters and samplers of your own', [
    'telemetry.js',
    'server.js',
  ])
  expect(copiesOf(project.folder)).toEqual(ONE_COPY)
  await using service = await InstalledService.start(
    project.folder,
    ['--import', './telemetry.js', 'server.js'],
    {
      TENANT: 'philharmonie',
    },
  )
  await service.get('/concerts/1')
  await service.get('/health')
  expect(await service.scrape('http_server_request_duration_seconds_count')).toEqual([
    expect.stringMatching(/ 2$/),
  ])
  const { spans } = service.receiver
  await until('the span', () => spans.length > 0)
  expect(await service.stop()).toBe(0)
  expect(spans.map(({ attributes }) => [attributes['url.path'], attributes['tenant.id']])).toEqual([
    ['/concerts/1', 'philharmonie'],
  ])
  // What the exporter of one's own has written.
  expect(service.output).toContain(`'tenant.id': 'philharmonie'`)
  expect(service.output).not.toContain('/health')
})
