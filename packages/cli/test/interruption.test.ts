/** Ctrl-C at any moment of `up`, when it waits for something that never comes, too: it ends soon, and leaves nothing. */
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { down, identify, readState, stateLayout } from '@faultline/runtime'
import { freePort } from '@faultline/test-support/ports'
import { reapedFolder } from '@faultline/test-support/reaped-folder'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const COMMAND = join(import.meta.dirname, 'fixtures/faultline.ts')
const SILENT = join(import.meta.dirname, 'fixtures/silent-supervisor.ts')
/** Far longer than any of the commands should take to end, in ms. */
const TIMEOUT_MS = 60_000

const eventually = <T>(look: () => T | Promise<T>): Promise<T> => vi.waitFor(look, { timeout: 40_000 })

let stateDir = ''
beforeEach(async () => {
  stateDir = await reapedFolder('interruption-')
})
afterEach(async () => {
  await down(stateDir)
})

const faultline = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  execa(process.execPath, [COMMAND, ...args], {
    env: { FAULTLINE_STATE_DIR: stateDir, FAULTLINE_PORT_OFFSET: '', ...env },
    ipc: true,
    reject: false,
    stdin: 'ignore',
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })

const stack = async (env: Record<string, string> = {}): Promise<void> =>
  writeFile(
    join(stateDir, 'fake-stack.json'),
    JSON.stringify({ components: [{ name: 'a', port: await freePort(), stopTimeoutMs: 600_000, env }] }),
  )

/** The pid of the supervisor that has taken the lock. */
const supervisor = (): Promise<number> =>
  eventually(() => JSON.parse(readFileSync(stateLayout(stateDir).lockFile, 'utf8')).pid)

function expectNothingLeft(): void {
  const { lockFile, stateFile, socket } = stateLayout(stateDir)
  expect([lockFile, stateFile, socket].filter((file) => existsSync(file))).toEqual([])
}

test.each([
  ['SIGINT', [], 0],
  ['SIGTERM', ['--detach'], 1],
  ['SIGHUP', ['--detach'], 1],
] as const)(
  '%s while the supervisor does not answer yet (up %j)',
  async (signal, args, exitCode) => {
    const up = faultline(['up', ...args], { SUPERVISOR_OF_TEST: SILENT })
    const pid = await supervisor()
    up.kill(signal)
    expect(await up).toMatchObject({ exitCode, stdout: '\nCalled off; nothing of it runs.', stderr: '' })
    expect(identify(pid)).toBeUndefined()
    expectNothingLeft()
  },
  2 * TIMEOUT_MS,
)

test(
  'a supervisor that ignores SIGTERM is killed',
  async () => {
    const up = faultline(['up'], { SUPERVISOR_OF_TEST: SILENT, STUBBORN: '1' })
    const pid = await supervisor()
    up.kill('SIGINT')
    expect(await up).toMatchObject({ exitCode: 0 })
    expect(identify(pid)).toBeUndefined()
    expectNothingLeft()
  },
  2 * TIMEOUT_MS,
)

test(
  'while the disk does not answer',
  async () => {
    const bin = join(stateDir, 'bin')
    await mkdir(bin)
    const script = `#!/bin/sh\ntouch '${join(stateDir, 'called')}'\nexec sleep 600\n`
    await writeFile(join(bin, 'mkdir'), script, { mode: 0o755 })
    const up = faultline(['up'], { PATH: `${bin}:${process.env.PATH}` })
    await eventually(() => expect(existsSync(join(stateDir, 'called'))).toBe(true))
    up.kill('SIGINT')
    expect(await up).toMatchObject({ exitCode: 0, stdout: '\nCalled off; nothing of it runs.', stderr: '' })
  },
  2 * TIMEOUT_MS,
)

test(
  'while components start, of a program that had opened a channel to the command and is gone',
  async () => {
    await stack({ READY_WHEN_EXISTS: '/nowhere' })
    const up = faultline(['up', '--detach'])
    const pid = await supervisor()
    up.nodeChildProcess.disconnect()
    expect(await up).toMatchObject({ exitCode: 1 })
    expect(identify(pid)).toBeUndefined()
    expectNothingLeft()
  },
  2 * TIMEOUT_MS,
)

test(
  'when npm, which tells only its shell of SIGTERM, is gone',
  async () => {
    await stack()
    const npm = execa('sh', ['-c', '"$0" "$1" up; true', process.execPath, COMMAND], {
      env: { FAULTLINE_STATE_DIR: stateDir, FAULTLINE_PORT_OFFSET: '', npm_command: 'exec' },
      reject: false,
      stdio: 'ignore',
    })
    const pid = await supervisor()
    npm.kill('SIGKILL')
    await eventually(() => expect(identify(pid)).toBeUndefined())
    await eventually(expectNothingLeft)
  },
  2 * TIMEOUT_MS,
)

test(
  'when such a program is gone before the command has loaded its code',
  async () => {
    const up = faultline(['up'])
    up.nodeChildProcess.disconnect()
    expect(await up).toMatchObject({ exitCode: 0, stdout: '\nCalled off; nothing of it runs.', stderr: '' })
    // which says that the folder is the kit's
    expect(await readdir(stateDir)).toEqual(['.faultline-state'])
  },
  2 * TIMEOUT_MS,
)

test(
  'while a supervisor that ran before does not answer, which goes on as it was',
  async () => {
    await stack()
    expect(await faultline(['up', '--detach'])).toMatchObject({ exitCode: 0 })
    const pid = await supervisor()
    process.kill(pid, 'SIGSTOP')
    try {
      const up = faultline(['up', '--detach'])
      await once(up.stdout, 'data')
      up.kill('SIGTERM')
      expect(await up).toMatchObject({
        exitCode: 1,
        stdout: expect.stringMatching(/^The kit already runs here/),
      })
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    expect(await readState(stateLayout(stateDir).stateFile)).toMatchObject({ phase: 'ready' })
  },
  3 * TIMEOUT_MS,
)

test(
  'while components start',
  async () => {
    await stack({ READY_WHEN_EXISTS: '/nowhere' })
    const up = faultline(['up', '--detach'])
    await once(up.stdout, 'data')
    up.kill('SIGINT')
    expect(await up).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('Stopping in order') })
    expectNothingLeft()
  },
  2 * TIMEOUT_MS,
)

test(
  'asked for a second time, it kills what does not stop',
  async () => {
    await stack({ STUBBORN: '1' })
    const up = faultline(['up'])
    const pid = await supervisor()
    await eventually(async () => {
      expect(await readState(stateLayout(stateDir).stateFile)).toMatchObject({ phase: 'ready' })
    })
    up.kill('SIGINT')
    // npm and the terminal both send one: those within half a second count as the same
    const insist = setInterval(() => up.kill('SIGINT'), 300)
    const { exitCode, stderr } = await up
    clearInterval(insist)
    expect([exitCode, stderr]).toEqual([1, 'Killed.'])
    expect(identify(pid)).toBeUndefined()
    expectNothingLeft()
  },
  2 * TIMEOUT_MS,
)
