/** State folders that nobody would choose, and some that people do. */
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { down, stateLayout, takeOver } from '@faultline/runtime'
import { freePort } from '@faultline/test-support/ports'
import { reapedFolder } from '@faultline/test-support/reaped-folder'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test } from 'vitest'

const COMMAND = join(import.meta.dirname, 'fixtures/faultline.ts')
/** Far longer than a refusal takes, far shorter than for ever. */
const TIMEOUT_MS = 40_000

let folder = ''
beforeEach(async () => {
  folder = await reapedFolder('state-')
})

const faultline = (stateDir: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  execa(process.execPath, [COMMAND, ...args], {
    env: { FAULTLINE_STATE_DIR: stateDir, FAULTLINE_PORT_OFFSET: '', ...env },
    ipc: true,
    reject: false,
    stdin: 'ignore',
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })

const IMPOSSIBLE: readonly (readonly [string, () => Promise<string>])[] = [
  ['in procfs', async () => '/proc/self/state'],
  ['in another process', async () => '/proc/1/a/b'],
  ['in sysfs', async () => '/sys/state'],
  ['below a device', async () => '/dev/null/state'],
  ['below a file', async () => join(await file(), 'state')],
  ['that is a file', file],
  ['that is a link to nowhere', () => link('nowhere')],
  ['below a link to nowhere', async () => join(await link('nowhere'), 'state')],
  ['that is a link to itself', () => link('link')],
  ['with a path of 5000 characters', async () => join(folder, 'x/'.repeat(2500))],
  ['with a name of 300 characters', async () => join(folder, 'x'.repeat(300))],
]

async function file(): Promise<string> {
  await writeFile(join(folder, 'file'), '')
  return join(folder, 'file')
}

async function link(target: string): Promise<string> {
  await symlink(join(folder, target), join(folder, 'link'))
  return join(folder, 'link')
}

test.each(IMPOSSIBLE)(
  'a state folder %s ends up with 3, its name and the way out',
  async (_where, make) => {
    const stateDir = await make()
    const { exitCode, stdout, stderr } = await faultline(stateDir, ['up'])
    expect([exitCode, stdout]).toEqual([3, ''])
    expect(stderr).toContain(`cannot write to ${stateDir.slice(0, 90)}`)
    expect(stderr).toContain('or set FAULTLINE_STATE_DIR to a folder of yours')
    expect(stderr.length).toBeLessThan(800)
  },
  2 * TIMEOUT_MS,
)

test.each([['status'], ['verify'], ['logs', 'a'], ['down']])(
  '"%s" with such a state folder ends without a stack trace',
  async (...args) => {
    for (const make of [() => link('link'), async () => join(folder, 'x/'.repeat(2500))]) {
      const { exitCode, stderr } = await faultline(await make(), args)
      expect(exitCode).toBe(3)
      expect(stderr).not.toMatch(/^ +at /m)
    }
  },
  3 * TIMEOUT_MS,
)

test(
  'a disk that does not answer ends up with 3',
  async () => {
    const bin = join(folder, 'bin')
    await mkdir(bin)
    await writeFile(join(bin, 'mkdir'), '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 })
    const { exitCode, stderr } = await faultline(join(folder, 'state'), ['up'], {
      PATH: `${bin}:${process.env.PATH}`,
    })
    expect([exitCode, stderr]).toEqual([
      3,
      expect.stringMatching(
        /^cannot write to .*\/state \(the disk does not answer within 5 s\): .*FAULTLINE_STATE_DIR/,
      ),
    ])
  },
  2 * TIMEOUT_MS,
)

const ODD = `7 a, [b] {c} 'd' "é✓" $(e) & %20 # \\f`
afterEach(() => down(join(folder, ODD)))

test(
  'a state folder with blanks, commas, brackets, quotes and more is one as any other',
  async () => {
    const stateDir = join(folder, ODD)
    await mkdir(stateDir)
    await takeOver(stateLayout(stateDir))
    await writeFile(
      join(stateDir, 'fake-stack.json'),
      JSON.stringify({ components: [{ name: 'a', port: await freePort() }] }),
    )
    expect(await faultline(stateDir, ['up', '--detach'])).toMatchObject({ exitCode: 0, stderr: '' })
    expect(await faultline(stateDir, ['status'])).toMatchObject({ exitCode: 0 })
    expect(await faultline(stateDir, ['restart', 'a'])).toMatchObject({ exitCode: 0 })
    expect(await faultline(stateDir, ['logs', 'a', '-n', '1'])).toMatchObject({ stdout: 'a says hello' })
    expect(await faultline(stateDir, ['down', '--volumes'])).toMatchObject({ exitCode: 0 })
  },
  3 * TIMEOUT_MS,
)
