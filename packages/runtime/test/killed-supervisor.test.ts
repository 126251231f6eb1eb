import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { connectRuntime } from '../src/control/client.ts'
import { down, forceDown } from '../src/down.ts'
import { type StateLayout, stateLayout } from '../src/state/layout.ts'
import { readHolder, readState } from '../src/state/state-file.ts'
import { eventually, freePorts, processExists, type Sandbox, sandbox, untilState } from './harness.ts'

/** A length of sleep that no other process on this machine asks for. */
const uniqueSeconds = (): string => String(100_000 + Math.floor(Math.random() * 900_000))

async function sleepers(seconds: string): Promise<readonly string[]> {
  const { stdout } = await execa('ps', ['-eo', 'pid=,args='])
  return stdout.split('\n').filter((line) => line.trimEnd().endsWith(`sleep ${seconds}`))
}

async function accepts(port: number): Promise<boolean> {
  const socket = createConnection({ port, host: '127.0.0.1' })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function killedSupervisor(
  seconds: string,
): Promise<{ box: Sandbox; port: number; pids: readonly number[] }> {
  const [port = 0, other = 0] = await freePorts(2)
  const box = await sandbox({
    components: [
      { name: 'a', port, env: { GRANDCHILD_COMMAND: seconds } },
      { name: 'b', port: other, dependsOn: ['a'] },
    ],
  })
  const launched = await box.launch()
  await untilState(launched, 'b', 'ready')
  await eventually(async () => expect(await sleepers(seconds)).toHaveLength(1))
  const { supervisor, components } = await launched.runtime.state()
  await mkdir(join(box.stateDir, 'data/a'), { recursive: true })
  await writeFile(join(box.stateDir, 'data/a/precious'), 'kept')
  process.kill(supervisor.pid, 'SIGKILL')
  await eventually(() => expect(processExists(supervisor.pid)).toBe(false))
  return { box, port, pids: components.flatMap((record) => (record.process ? [record.process.pid] : [])) }
}

test('down after a killed supervisor leaves no process, port or file but data', async () => {
  const seconds = uniqueSeconds()
  const { box, port, pids } = await killedSupervisor(seconds)
  await using _box = box
  expect(pids.filter(processExists)).toHaveLength(2)
  await expect(connectRuntime(box.stateDir)).rejects.toThrow('was killed and components of it still run')

  const result = await down(box.stateDir)
  expect(result.found).toBe('leftovers')
  expect([...result.leftovers].sort()).toEqual(['a', 'b'])
  expect(box.events().slice(-2)).toEqual(['stop b', 'stop a'])
  expect(pids.filter(processExists)).toEqual([])
  expect(await sleepers(seconds)).toEqual([])
  expect(await accepts(port)).toBe(false)
  const layout = stateLayout(box.stateDir)
  for (const file of [layout.stateFile, layout.socket, layout.lockFile]) expect(existsSync(file)).toBe(false)
  expect(readFileSync(join(box.stateDir, 'data/a/precious'), 'utf8')).toBe('kept')

  expect(await down(box.stateDir)).toEqual({ found: 'nothing', leftovers: [] })
  await down(box.stateDir, { volumes: true })
  expect(existsSync(join(box.stateDir, 'data'))).toBe(false)
}, 60_000)

test.each([
  ['was stopped (SIGSTOP)', (pid: number) => process.kill(pid, 'SIGSTOP')],
  [
    'can no longer be read from state.json',
    (_: number, { stateFile }: StateLayout) => writeFile(stateFile, '{}'),
  ],
])(
  'down of a supervisor that %s',
  async (_what, spoil) => {
    const [port = 0] = await freePorts(1)
    await using box = await sandbox({ components: [{ name: 'a', port }] })
    const { pid = 0 } = await untilState(await box.launch(), 'a', 'ready')
    const layout = stateLayout(box.stateDir)
    const supervisor = readHolder(layout.lockFile)?.pid ?? 0
    await spoil(supervisor, layout)
    expect(await down(box.stateDir)).toEqual({ found: 'running', leftovers: [] })
    expect([pid, supervisor].filter(processExists)).toEqual([])
    expect(box.events()).toEqual(['start a', 'stop a'])
  },
  60_000,
)

test('a kit whose state folder is deleted stops by itself', async () => {
  const [port = 0] = await freePorts(1)
  await using box = await sandbox({ components: [{ name: 'a', port }] })
  const { pid = 0 } = await untilState(await box.launch(), 'a', 'ready')
  const supervisor = readHolder(stateLayout(box.stateDir).lockFile)?.pid ?? 0
  await rm(box.stateDir, { recursive: true })
  await eventually(() => expect([pid, supervisor].filter(processExists)).toEqual([]))
}, 60_000)

test('the next start after a killed supervisor stops what it left, and says so', async () => {
  const seconds = uniqueSeconds()
  const { box, pids } = await killedSupervisor(seconds)
  await using _box = box
  const notices: string[] = []
  const launched = await box.launch({ onNotice: (text) => notices.push(text) })
  await untilState(launched, 'b', 'ready')
  expect(notices).toEqual(['an earlier supervisor was killed; stopped what it left: a, b'])
  expect(pids.filter(processExists)).toEqual([])
  expect(await sleepers(seconds)).toHaveLength(1)
  await down(box.stateDir)
  expect(await sleepers(seconds)).toEqual([])
}, 60_000)

test('a process that only has a recorded pid by chance is left alone', async () => {
  const { box } = await killedSupervisor(uniqueSeconds())
  await using _box = box
  const layout = stateLayout(box.stateDir)
  const state = await readState(layout.stateFile)
  const [first, ...others] = state?.components ?? []
  await down(box.stateDir)

  const bystander = execa('sleep', ['600'], { reject: false, detached: true })
  const pid = bystander.pid ?? 0
  const reused = { ...first, process: { pid, startTime: 'of an earlier process' } }
  await writeFile(layout.stateFile, JSON.stringify({ ...state, components: [reused, ...others] }))
  await down(box.stateDir)
  expect(processExists(pid)).toBe(true)
  bystander.kill('SIGKILL')
  await bystander
}, 60_000)

test('an attached supervisor stops everything when who started it is gone', async () => {
  const [port = 0] = await freePorts(1)
  await using box = await sandbox({ components: [{ name: 'a', port }] })
  const starter = execa(
    process.execPath,
    [join(import.meta.dirname, 'fixtures/attached-starter.ts'), box.stateDir],
    { reject: false },
  )
  await eventually(() => expect(box.events()).toEqual(['start a']))
  const state = await eventually(async () => {
    const found = await readState(stateLayout(box.stateDir).stateFile)
    expect(found?.components[0]?.state).toBe('ready')
    return found
  })
  starter.kill('SIGKILL')
  await eventually(() => expect(processExists(state?.supervisor.pid ?? 0)).toBe(false))
  expect(box.events()).toEqual(['start a', 'stop a'])
}, 60_000)

test('forced down kills at once what does not stop', async () => {
  const [port = 0] = await freePorts(1)
  await using box = await sandbox({
    components: [{ name: 'a', port, stopTimeoutMs: 600_000, env: { STUBBORN: '1' } }],
  })
  const launched = await box.launch()
  const { pid = 0 } = await untilState(launched, 'a', 'ready')
  const { supervisor } = await launched.runtime.state()
  await forceDown(box.stateDir)
  await eventually(() => expect([pid, supervisor.pid].filter(processExists)).toEqual([]))
}, 60_000)
