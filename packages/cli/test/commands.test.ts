import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { down, readState, stateLayout } from '@faultline/runtime'
import { freePort } from '@faultline/test-support/ports'
import { reapedFolder } from '@faultline/test-support/reaped-folder'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test } from 'vitest'

interface Fake {
  name: string
  port: number
  env?: Record<string, string>
  dependsOn?: string[]
  stopTimeoutMs?: number
  binary?: string
}

const COMMAND = join(import.meta.dirname, 'fixtures/faultline.ts')

let stateDir = ''
beforeEach(async () => {
  stateDir = await reapedFolder('cli-')
})
afterEach(async () => {
  await down(stateDir)
  await rm(stateDir, { recursive: true, force: true })
})

/** Starts the command over fake components. */
function faultline(...args: string[]) {
  return execa(process.execPath, [COMMAND, ...args], {
    env: { FAULTLINE_STATE_DIR: stateDir, FAULTLINE_PORT_OFFSET: '' },
    // a start ends when this process is gone
    ipc: true,
    reject: false,
    stdin: 'ignore',
  })
}

/** Where the kit says that the shop answers. */
const SHOP = '127.0.0.1:1234'

const stack = (components: Fake[], binaries: [string, number][] = []): Promise<void> =>
  writeFile(
    join(stateDir, 'fake-stack.json'),
    JSON.stringify({ components, binaries, addresses: { 'edge/http': SHOP } }),
  )

/** Waits until the output of a running command holds a text. */
async function says(command: ReturnType<typeof faultline>, text: string): Promise<void> {
  let seen = ''
  await new Promise<void>((done, fail) => {
    command.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.toString()
      if (seen.includes(text)) done()
    })
    command.stdout.on('close', () => fail(new Error(`ended without saying "${text}": ${seen}`)))
  })
}

test('up --detach returns when everything is ready; status, restart and down follow', async () => {
  await stack([{ name: 'a', port: await freePort() }])
  const up = await faultline('up', '--detach')
  expect(up).toMatchObject({ exitCode: 0, stderr: '' })
  expect(up.stdout).toMatch(/\] a {15}starting\n.*\] a {15}ready\n/)
  expect(up.stdout).toMatch(new RegExp(`shop +http://${SHOP}/v1/concerts\n`))
  expect(up.stdout).not.toContain('Prometheus')
  expect(up.stdout).toMatch(/Ready: .*everything after \d+\.\d s\./)

  const again = await faultline('up', '--detach', '--port-offset', '5', '--file', COMMAND)
  expect(again.exitCode).toBe(0)
  expect(again.stdout).toMatch(
    /^The kit already runs here .*\nIt keeps port offset 0 and .*, and the files that it was started with; /,
  )
  expect(await faultline('up')).toMatchObject({ exitCode: 3 })

  const status = await faultline('status')
  expect(status).toMatchObject({ exitCode: 0 })
  expect(status.stdout).toMatch(/^NAME +STATE .*\na +ready /)
  const json = JSON.parse((await faultline('status', '--json')).stdout) as Record<string, unknown>
  expect(json).toMatchObject({ phase: 'ready', portOffset: 0, components: [{ name: 'a', state: 'ready' }] })

  expect(await faultline('restart', 'a', '--env', 'X=1=2', '--arg=--flag')).toMatchObject({ exitCode: 0 })
  expect(await faultline('restart', 'b')).toMatchObject({
    exitCode: 2,
    stderr: 'there is no component "b"; there are a',
  })
  expect((await faultline('logs', 'a', '--lines', '1')).stdout).toBe('a says hello')

  const stopped = await faultline('down')
  expect(stopped).toMatchObject({ exitCode: 0 })
  expect(stopped.stdout).toMatch(/\] a {15}stopped\nStopped\.$/)
  expect(await faultline('down')).toMatchObject({ exitCode: 0, stdout: 'Nothing was running.' })
}, 120_000)

test('a component that fails ends a detached up with 1, its reason and its log; the others go on', async () => {
  await stack([
    { name: 'good', port: await freePort() },
    { name: 'bad', port: await freePort(), env: { EXIT_WITH: '4' } },
  ])
  const up = await faultline('up', '--detach')
  expect(up.exitCode).toBe(1)
  expect(up.stderr).toMatch(/^\nbad is failed: exited with code 4\n/)
  expect(up.stderr).toContain('bad gives up: configuration is broken')
  expect(up.stderr).toContain(`its log: ${stateDir}/logs/bad.log`)
  expect(up.stderr).toContain('The rest goes on running.')
  const status = await faultline('status')
  expect(status.exitCode).toBe(1)
  expect(status.stdout).toMatch(/good +ready /)
}, 60_000)

test('in the foreground a failed start stops the rest', async () => {
  await stack([
    { name: 'good', port: await freePort() },
    { name: 'bad', port: await freePort(), env: { EXIT_WITH: '4' } },
  ])
  expect(await faultline('up')).toMatchObject({ exitCode: 1 })
  expect(await readState(stateLayout(stateDir).stateFile)).toBeUndefined()
}, 60_000)

test('what the machine lacks is said once, nothing is left running, exit code 3', async () => {
  await stack(
    [
      { name: 'a', port: await freePort(), binary: 'loki' },
      { name: 'b', port: await freePort(), binary: 'prometheus' },
      { name: 'c', port: await freePort() },
    ],
    [
      ['loki', -1],
      ['prometheus', -1],
    ],
  )
  const up = await faultline('up', '--detach')
  expect(up.exitCode).toBe(3)
  expect(up.stderr.trim()).toBe(
    [
      'loki cannot be built: there is no Go toolchain',
      '  Install Go.',
      '  (the same for b)',
      'Stopping the rest.',
    ].join('\n'),
  )
  expect(await readState(stateLayout(stateDir).stateFile)).toBeUndefined()
}, 60_000)

test('without a tool that only load and tests need the kit is ready all the same', async () => {
  await stack([{ name: 'a', port: await freePort() }], [['k6', -1]])
  const up = await faultline('up', '--detach')
  expect(up.exitCode).toBe(0)
  expect(up.stderr).toContain('Not needed to run, but for load and tests:\nk6 cannot be built')
}, 60_000)

test('status says since when a component has not answered, and ends with 1 until it does', async () => {
  await stack([{ name: 'a', port: await freePort() }])
  await faultline('up', '--detach')
  const state = await readState(stateLayout(stateDir).stateFile)
  const pid = state?.components[0]?.process?.pid ?? 0
  const untilExitCode = (code: number) =>
    expect.poll(async () => (await faultline('status')).exitCode, { timeout: 30_000 }).toBe(code)
  process.kill(pid, 'SIGSTOP')
  await untilExitCode(1)
  expect((await faultline('status')).stdout).toMatch(
    /^a +unresponsive .* has not answered since \d\d:\d\d:\d\d: no answer within 5 s$/m,
  )
  process.kill(pid, 'SIGCONT')
  await untilExitCode(0)
}, 90_000)

test('up again starts what had failed', async () => {
  const [good, bad] = [await freePort(), await freePort()]
  const components = [
    { name: 'good', port: good },
    { name: 'bad', port: bad, env: { EXIT_UNLESS_EXISTS: join(stateDir, 'mended') } },
    { name: 'behind', port: await freePort(), dependsOn: ['bad'] },
  ]
  await stack(components)
  expect(await faultline('up', '--detach')).toMatchObject({ exitCode: 1 })
  await writeFile(join(stateDir, 'mended'), '')
  const again = await faultline('up', '--detach')
  expect(again.stdout).toContain('Starting what does not run: bad.')
  expect(again.exitCode).toBe(0)
}, 60_000)

test('a port in use ends up with 3 before anything is started', async () => {
  const port = await freePort()
  const holder = createServer().listen(port, '127.0.0.1')
  await once(holder, 'listening')
  await stack([{ name: 'a', port }])
  const up = await faultline('up')
  holder.close()
  expect(up).toMatchObject({ exitCode: 3, stdout: '' })
  expect(up.stderr).toMatch(new RegExp(`^port ${port} \\(a, HTTP\\) is in use by pid ${process.pid} `))
}, 60_000)

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s in the foreground stops everything in order and ends with 0',
  async (signal) => {
    await stack([
      { name: 'a', port: await freePort() },
      { name: 'b', port: await freePort(), dependsOn: ['a'] },
    ])
    const up = faultline('up')
    await says(up, 'Ctrl-C stops everything.')
    up.kill(signal)
    const { exitCode, stdout } = await up
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/\] b {15}stopped\n.*\] a {15}stopped/)
    expect(existsSync(stateLayout(stateDir).stateFile)).toBe(false)
  },
  60_000,
)

test('a kit that another command stops ends the foreground with 0', async () => {
  await stack([{ name: 'a', port: await freePort() }])
  const up = faultline('up')
  await says(up, 'Ctrl-C stops everything.')
  expect(await faultline('down')).toMatchObject({ exitCode: 0 })
  expect(await up).toMatchObject({ exitCode: 0 })
}, 60_000)

test('a killed supervisor ends the foreground with 1 and says what to do', async () => {
  await stack([{ name: 'a', port: await freePort() }])
  const up = faultline('up')
  await says(up, 'Ctrl-C stops everything.')
  const state = await readState(stateLayout(stateDir).stateFile)
  process.kill(state?.supervisor.pid ?? 0, 'SIGKILL')
  expect(await up).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('npx faultline down') })
  const status = await faultline('status')
  expect([status.exitCode, status.stderr]).toEqual([
    3,
    expect.stringContaining('was killed and components of it still run'),
  ])
  expect((await faultline('down')).stdout).toBe('The supervisor had been killed. Stopped what it left: a.')
}, 60_000)

test('which logs there are is said where there is none of a name', async () => {
  await stack([{ name: 'a', port: await freePort() }])
  await faultline('up', '--detach')
  expect(await faultline('logs', 'x')).toMatchObject({
    exitCode: 2,
    stderr: 'there is no log of "x"; there are a, supervisor',
  })
}, 60_000)

test('up hands its files to the supervisor, in their order and with absolute paths', async () => {
  const { exitCode, stderr } = await execa(
    process.execPath,
    [COMMAND, 'up', '--file', 'faultline.ts', '--file', '../fixtures/silent-supervisor.ts'],
    {
      cwd: join(import.meta.dirname, 'fixtures'),
      env: {
        FAULTLINE_STATE_DIR: stateDir,
        SUPERVISOR_OF_TEST: join(import.meta.dirname, 'fixtures/telling-supervisor.ts'),
      },
      reject: false,
    },
  )
  expect(exitCode).toBe(1)
  expect(JSON.parse(stderr)).toMatchObject({
    stateDir,
    composeFiles: [COMMAND, join(import.meta.dirname, 'fixtures/silent-supervisor.ts')],
    attached: true,
  })
}, 60_000)

test('the launcher runs on whichever Node is on PATH', async () => {
  const path = (process.env.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'))
  const launcher = join(import.meta.dirname, '../bin/faultline.js')
  const result = await execa('node', [launcher, 'status'], {
    env: { PATH: path.join(':'), FAULTLINE_STATE_DIR: stateDir },
    reject: false,
  })
  expect([result.exitCode, result.stderr]).toEqual([3, expect.stringContaining('the kit is not running')])
})

test('down --volumes deletes everything that a run has written', async () => {
  const folders = ['data', 'logs', 'root', 'load', 'cache'].map((name) => join(stateDir, name))
  for (const folder of folders) await mkdir(join(folder, 'a'), { recursive: true })
  expect(await faultline('down', '--volumes')).toMatchObject({ exitCode: 0 })
  expect(folders.filter((folder) => existsSync(folder))).toEqual([])
})
