/** `faultline ports` on a copy of docker-compose.yml, held to what compose itself makes of that. */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MAX_PORT_OFFSET, type PublishedPort, REPOSITORY_ROOT } from '@faultline/runtime'
import { freePort } from '@faultline/test-support/ports'
import { resolveBinary } from '@faultline/toolchain'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'

const COMMAND = join(import.meta.dirname, 'fixtures/faultline.ts')
const OTHERS = "# mine\nexport OTLP_ENDPOINT='https://otlp.example.com'\r\n\nLAST=without a line's end"

let folder = ''
let file = ''
let dotenv = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultline ports '))
  file = join(folder, 'docker-compose.yml')
  dotenv = join(folder, '.env')
  await copyFile(join(REPOSITORY_ROOT, 'docker-compose.yml'), file)
})
afterEach(() => rm(folder, { recursive: true }))

const ports = (args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) =>
  execa(process.execPath, [COMMAND, 'ports', '--file', file, ...args], {
    cwd: folder,
    env,
    reject: false,
    stdin: 'ignore',
  })

/** Each port as the command has it: `service container/protocol published`. */
async function told(env?: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const { stdout } = await ports(['--json'], env)
  const all = JSON.parse(stdout) as PublishedPort[]
  return all.map((port) => `${port.service} ${port.container}/${port.protocol} ${port.published}`).sort()
}

interface Rendered {
  services: Record<string, { ports?: { target: number; published: string; protocol: string }[] }>
}

/** The same as compose has it. */
async function rendered(env: NodeJS.ProcessEnv = {}): Promise<readonly string[]> {
  const { path } = await resolveBinary('compose')
  const { stdout } = await execa(path, ['--profile', '*', 'config'], { cwd: folder, env })
  return Object.entries((parse(stdout) as Rendered).services)
    .flatMap(([service, { ports: all = [] }]) =>
      all.map(({ target, published, protocol }) => `${service} ${target}/${protocol} ${published}`),
    )
    .sort()
}

describe('ports', () => {
  test('are shown as compose would publish them', async () => {
    expect(await told()).toContain('edge 8443/udp 8443')
    expect(await told()).toEqual(await rendered())
    await writeFile(
      dotenv,
      'FAULTLINE_PORT_LOKI=4001 # mine\nFAULTLINE_PORT_LOKI="4002"\nFAULTLINE_PORT_TEMPO=4003\n',
    )
    const env = { FAULTLINE_PORT_TEMPO: '4004', FAULTLINE_PORT_EDGE: '' }
    expect(await told(env)).toEqual(expect.arrayContaining(['loki 3100/tcp 4002', 'tempo 3200/tcp 4004']))
    expect(await told(env)).toEqual(await rendered(env))
  })

  test('are a table for people', async () => {
    const { stdout } = await ports()
    expect(stdout).toMatch(/^SERVICE +NAME +PORT +VARIABLE +AT NEXT START\n/)
    expect(stdout).toMatch(/^edge +http3 +8443\/udp +FAULTLINE_PORT_EDGE_TLS +8443$/m)
  })

  test('are moved for compose, beside what else .env has, and moved back', async () => {
    await writeFile(dotenv, OTHERS)
    const before = await rendered()
    expect(await ports(['--offset', '10000'])).toMatchObject({ exitCode: 0 })
    const moved = before.map((port) => port.replace(/\d+$/, (number) => String(Number(number) + 10_000)))
    expect(await rendered()).toEqual(moved)
    expect(await told()).toEqual(moved)

    const written = await readFile(dotenv, 'utf8')
    expect(written.endsWith(OTHERS)).toBe(true)
    await ports(['--offset', '10000'])
    expect(await readFile(dotenv, 'utf8')).toBe(written)

    const back = await ports(['--offset', '0'])
    expect([back.exitCode, back.stderr]).toEqual([
      0,
      expect.stringMatching(/^They hold from the next start on/),
    ])
    expect(await readFile(dotenv, 'utf8')).toBe(OTHERS)
  })

  test('leave no .env where there was none', async () => {
    await ports(['--offset', '10000'])
    expect(existsSync(dotenv)).toBe(true)
    await ports(['--offset', '0'])
    expect(existsSync(dotenv)).toBe(false)
  })

  test.each(['', 'x', String(MAX_PORT_OFFSET + 1)])('are not moved by "%s"', async (offset) => {
    const refused = await ports([`--offset=${offset}`])
    expect([refused.exitCode, refused.stdout, refused.stderr]).toEqual([
      2,
      '',
      `port offset must be a whole number from 0 to ${MAX_PORT_OFFSET}, above which a port would be higher than 65535; got "${offset}"`,
    ])
    expect(existsSync(dotenv)).toBe(false)
  })

  test('are moved even where what was set is no port', async () => {
    await writeFile(dotenv, '# >>> faultline ports: \nFAULTLINE_PORT_LOKI=x\n# <<< faultline ports\n')
    expect(await ports()).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('"x", which is no port'),
    })
    expect(await ports(['--offset', '10000'])).toMatchObject({ exitCode: 0 })
    expect(await told()).toContain('loki 3100/tcp 13100')
  })
})

describe('of moved ports are named', () => {
  const only = (port: number) =>
    writeFile(
      file,
      `services: { loki: { ports: [{ name: http, target: 3100, published: "\${FAULTLINE_PORT_LOKI:-${port}}" }] } }`,
    )

  test('those that something else has set', async () => {
    await only(3100)
    const { stderr } = await ports(['--offset', '10'], { FAULTLINE_PORT_LOKI: '4001' })
    expect(stderr).toContain(
      'warning: 4001 (loki, http): not moved, because the environment or another line of .env sets the variable',
    )
  })

  test('those that are in use', async () => {
    const port = await freePort()
    await only(1000)
    const holder = createServer().listen(port, '127.0.0.1')
    await once(holder, 'listening')
    const taken = await ports(['--offset', String(port - 1000)])
    holder.close()
    await once(holder, 'close')
    expect(taken.stderr).toContain(`warning: ${port} (loki, http): in use now; `)
    const { stderr } = await ports(['--offset', String(port - 1000)])
    expect(stderr).not.toContain('in use now')
  })

  test('those that the kit has where it is not moved, published or only exposed', async () => {
    await copyFile(join(REPOSITORY_ROOT, 'docker-compose.yml'), file)
    const { stderr } = await ports(['--offset', '10000'])
    expect(stderr).toMatch(
      /warning: .*18082 \(catalog-1, http\), .*: a kit that is not moved takes it, .*; an offset of \d+ has no such port/,
    )
    const [, suggested = ''] = /offset of (\d+) has/.exec(stderr) ?? []
    expect((await ports(['--offset', suggested])).stderr).not.toContain('warning')

    await writeFile(
      file,
      `services: { loki: { ports: [{ name: http, target: 3100, published: "\${FAULTLINE_PORT_LOKI:-3100}" }], expose: ["9095"] } }`,
    )
    expect((await ports(['--offset', '5995'])).stderr).toContain('warning: 9095 (loki, http): a kit that is')
  })

  test('those that outgoing connections may take', async () => {
    await only(1000)
    const { stderr } = await ports(['--offset', '49500'])
    expect(stderr).toMatch(
      /warning: 50500 \(loki, http\): outgoing connections of this machine take ports from .*; an offset of \d+ has/,
    )
    expect((await ports(['--offset', '9000'])).stderr).not.toContain('outgoing')
  })
})
