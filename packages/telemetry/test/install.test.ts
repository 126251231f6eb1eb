import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from './free-port.ts'
import { until } from './otlp/poll.ts'
import { OtlpReceiver } from './otlp/receiver.ts'
import { exemplarOf } from './support.ts'

const run = promisify(execFile)
const folder = fileURLToPath(new URL('..', import.meta.url))
const repository = fileURLToPath(new URL('../../..', import.meta.url))

/** The first code block of a language in the README: what people copy has to work as it stands. */
async function readmeCode(language: string): Promise<string> {
  const readme = await readFile(join(folder, 'README.md'), 'utf8')
  const [, code] = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(readme) ?? []
  if (code === undefined) throw new Error(`the README has no ${language} code`)
  return code
}

describe('the package, installed into an empty Koa project', () => {
  let project: string
  let receiver: OtlpReceiver
  let service: ChildProcess | undefined
  let url: string
  let adminUrl: string
  let output = ''

  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'telemetry-install-'))
    await run('npm', ['run', 'build', '--silent'], { cwd: folder })
    const packed = await run('npm', ['pack', '--json', '--pack-destination', project], {
      cwd: join(folder, 'dist'),
    })
    const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }]
    await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
    await writeFile(join(project, 'server.js'), await readmeCode('js'))
    const packages = [`./${filename}`, 'koa@3', '@koa/router@15', '@types/koa@3', '@types/node@24']
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...packages], {
      cwd: project,
    })

    receiver = await OtlpReceiver.start()
    const [port, adminPort] = [await freePort(), await freePort()]
    url = `http://127.0.0.1:${port}`
    adminUrl = `http://127.0.0.1:${adminPort}/metrics`
    service = spawn(process.execPath, ['server.js'], {
      cwd: project,
      env: {
        PATH: process.env.PATH,
        PORT: String(port),
        ADMIN_PORT: String(adminPort),
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
        OTEL_SERVICE_INSTANCE_ID: 'catalog-1',
        FAULTLINE_TRACES_KEEP_RATIO: '1',
      },
    })
    service.stdout?.on('data', (chunk) => {
      output += String(chunk)
    })
    service.stderr?.on('data', (chunk) => {
      output += String(chunk)
    })
    await until('the service to answer', async () => {
      if (service?.exitCode !== null) throw new Error(`the service ended: ${output}`)
      return request(adminUrl).then(
        async ({ body }) => {
          await body.dump()
          return true
        },
        () => false,
      )
    })
  })

  afterAll(async () => {
    service?.kill('SIGKILL')
    await receiver?.[Symbol.asyncDispose]()
    await rm(project, { recursive: true, force: true })
  })

  it('type-checks in a strict project', async () => {
    await writeFile(join(project, 'check.ts'), await readmeCode('js'))
    const compilerOptions = {
      strict: true,
      noEmit: true,
      module: 'nodenext',
      target: 'es2024',
      skipLibCheck: false,
      types: ['node'],
      exactOptionalPropertyTypes: true,
    }
    await writeFile(
      join(project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['check.ts'] }),
    )
    const compiled = await run(join(repository, 'node_modules/.bin/tsc'), ['-p', project]).catch(
      (error: { stdout: string }) => error,
    )
    // Errors in the declarations of others are theirs.
    const ours = compiled.stdout.split('\n').filter((line) => /^check\.ts|@faultline/.test(line))
    expect(ours).toEqual([])
  })

  it('sends traces, logs and profiles, shows metrics, and links them', async () => {
    const deadline = Date.now() + 3_000
    while (Date.now() < deadline) {
      const calls = Array.from({ length: 20 }, (_, index) => request(`${url}/concerts/${index}`))
      for (const { statusCode, body } of await Promise.all(calls)) {
        expect(statusCode).toBe(200)
        await body.dump()
      }
    }
    const exemplars = (await (await request(adminUrl)).body.text())
      .split('\n')
      .flatMap((line) => exemplarOf(line) ?? [])
    const { spans, logs, profiles } = receiver
    await until('spans', () => spans.length > 100)
    await until('log records', () => logs.length > 100)
    await until('profiles', () => profiles.length > 0)

    const servers = new Map(
      spans.filter(({ kind }) => kind === 'SPAN_KIND_SERVER').map((span) => [span.spanId, span]),
    )
    const [server] = servers.values()
    expect(server).toMatchObject({
      name: 'GET /concerts/{concertId}',
      resource: { 'service.name': 'catalog', 'service.instance.id': 'catalog-1' },
      attributes: { 'pyroscope.profile.id': server?.spanId },
    })

    // metric → trace
    expect(exemplars.length).toBeGreaterThan(0)
    for (const { traceId, spanId } of exemplars) {
      await until(
        'the span of an exemplar',
        () => servers.size > 0 && spans.some((span) => span.spanId === spanId),
      )
      expect(spans.find((span) => span.spanId === spanId)?.traceId).toBe(traceId)
    }
    // trace → logs
    const lines = logs.filter(({ traceId }) => traceId === server?.traceId)
    expect(lines.map(({ body }) => body).toSorted()).toEqual(['looking up a concert', 'request completed'])
    expect(new Set(lines.map(({ spanId }) => spanId))).toEqual(new Set([server?.spanId]))
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
  })

  it('flushes at SIGTERM and exits by itself', async () => {
    const marked = `marked-${Date.now()}`
    await (await request(`${url}/concerts/${marked}`)).body.dump()
    service?.kill('SIGTERM')
    const [code] = (await once(service as ChildProcess, 'exit')) as [number | null]
    expect(code).toBe(0)
    expect(receiver.spans.some(({ attributes }) => attributes['url.path'] === `/concerts/${marked}`)).toBe(
      true,
    )
    expect(receiver.logs.some(({ attributes }) => attributes.concertId === marked)).toBe(true)
    expect(output).toContain(`"url.path":"/concerts/${marked}"`)
    expect(output).not.toMatch(/warning/i)
  })
})
