/** Commands on the kit in containers: a Docker client that tells of containers, in front of a real broker. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { type PortOf, SERVICES, type ServiceName } from '@faultline/runtime'
import { startNats, type TestNats } from '@faultline/test-support/servers'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const COMMAND = join(import.meta.dirname, 'fixtures/faultline.ts')
const PROJECT = 'faultline-of-a-test'

let broker: TestNats
let folder = ''
beforeAll(async () => {
  broker = await startNats()
  folder = await mkdtemp(join(tmpdir(), 'faultline kit '))
  await writeFile(
    join(folder, 'inspect.json'),
    JSON.stringify([
      container('edge', { http: '28080', https: '28443' }),
      container('collector', { 'otlp-http': '24318' }),
      container('nats', { nats: String(broker.port) }),
    ]),
  )
  await script(
    'docker',
    `case "$*" in
  ps*project=${PROJECT}" "*) echo f00 ;;
  ps*) ;;
  inspect*) cat "${join(folder, 'inspect.json')}" ;;
  *) exit 1 ;;
esac`,
  )
  await script('k6', 'echo "edge $GATEWAY_URL, collector $K6_OTEL_HTTP_EXPORTER_ENDPOINT"')
})
afterAll(async () => {
  await broker?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** A container that runs, as far as `docker inspect` of engine 20.10 tells of it. */
const container = <Service extends ServiceName>(
  service: Service,
  ports: Partial<Record<PortOf<Service>, string>>,
) => ({
  Id: service,
  Created: '2026-01-02T03:04:05Z',
  RestartCount: 0,
  State: { Status: 'running', Pid: 1, ExitCode: 0, StartedAt: '2026-01-02T03:04:05Z', FinishedAt: '' },
  Config: { Image: service, Cmd: null, Labels: { 'com.docker.compose.service': service } },
  HostConfig: { RestartPolicy: { Name: 'unless-stopped' }, PortBindings: {} },
  NetworkSettings: {
    Ports: Object.fromEntries(
      Object.entries(ports).map(([name, HostPort]) => [
        `${(SERVICES[service] as Record<string, number>)[name]}/tcp`,
        [{ HostIp: '127.0.0.1', HostPort }],
      ]),
    ),
  },
})

async function script(name: string, body: string): Promise<void> {
  await writeFile(join(folder, name), `#!/bin/sh\n${body}\n`)
  await chmod(join(folder, name), 0o755)
}

const faultline = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  execa(process.execPath, [COMMAND, ...args], {
    env: {
      PATH: `${folder}${delimiter}${process.env.PATH}`,
      FAULTLINE_STATE_DIR: join(folder, 'state'),
      FAULTLINE_BIN_K6: join(folder, 'k6'),
      COMPOSE_PROJECT_NAME: PROJECT,
      ...env,
    },
    reject: false,
    stdin: 'ignore',
  })

describe('on the kit in containers', () => {
  test('flags are shown, set and reset, wherever --compose stands', async () => {
    const value = async () =>
      (await faultline(['flags', '--compose'])).stdout.match(/^retry-policy +(\w+)/m)?.[1]
    expect(await value()).toBe('protected')
    expect(await faultline(['flags', 'set', 'retry-policy', 'naive', '--compose'])).toMatchObject({
      exitCode: 0,
      stdout: 'retry-policy is naive',
    })
    expect(await value()).toBe('naive')
    expect(await faultline(['flags', '--compose', 'reset'])).toMatchObject({ exitCode: 0 })
    expect(await value()).toBe('protected')
  })

  test('dead letters are listed', async () => {
    expect(await faultline(['dead-letters', 'list', '--compose'])).toMatchObject({
      exitCode: 0,
      stdout: 'There are no dead letters.',
    })
  })

  test('load goes to the ports that the engine has published, though not all are', async () => {
    expect(await faultline(['load', 'smoke', '--compose'])).toMatchObject({
      exitCode: 0,
      stdout: 'edge http://127.0.0.1:28080, collector 127.0.0.1:24318',
    })
  })

  test('without k6, load says how it runs in a container', async () => {
    const { exitCode, stderr } = await faultline(['load', 'smoke', '--compose'], {
      FAULTLINE_BIN_K6: '/nowhere/k6',
    })
    expect([exitCode, stderr]).toEqual([
      3,
      expect.stringMatching(
        /^FAULTLINE_BIN_K6=.*\nOr in a container: docker compose --profile load run --rm k6$/s,
      ),
    ])
  })

  test('what verify needs and nobody has published is said', async () => {
    const { exitCode, stderr } = await faultline(['verify', '--compose'])
    expect([exitCode, stderr]).toEqual([
      3,
      expect.stringContaining('does not publish gateway/http, gateway/admin, '),
    ])
  })

  test('a broker that does not answer is looked at with the commands for containers', async () => {
    await broker.kill()
    const { exitCode, stderr } = await faultline(['flags', '--compose'])
    await broker.start()
    expect([exitCode, stderr]).toEqual([3, expect.stringContaining('docker compose logs nats what it says')])
  })
})

test.each([[['flags']], [['dead-letters', 'list']], [['load', 'smoke']], [['restart', 'nats']]])(
  'without --compose %j names the kit in containers, where only that runs',
  async (args) => {
    const hint = '; one runs in containers: add --compose'
    const { exitCode, stderr } = await faultline(args)
    expect([exitCode, stderr]).toEqual([
      3,
      expect.stringMatching(new RegExp(`^the kit is not running .*${hint}$`)),
    ])
    const other = await faultline(args, { COMPOSE_PROJECT_NAME: 'another' })
    expect(other.exitCode).toBe(3)
    expect(other.stderr).not.toContain(hint)
  },
)

test('--compose without containers says how they are started', async () => {
  expect(await faultline(['flags', '--compose'], { COMPOSE_PROJECT_NAME: 'another' })).toMatchObject({
    exitCode: 3,
    stderr: 'no containers of the project another (docker compose up -d --wait starts them)',
  })
})
