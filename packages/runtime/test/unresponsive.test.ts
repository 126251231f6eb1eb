import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { request } from 'undici'
import { expect, test } from 'vitest'
import { eventually, freePorts, sandbox, untilState } from './harness.ts'

/** What `status` says of a component that hangs: since when, and how that shows. */
const HANGS = /^has not answered since \d\d:\d\d:\d\d: no answer within 5 s$/

/** How often a component has answered that it is not ready. */
async function refusalsOf(port: number): Promise<number> {
  const { body } = await request(`http://127.0.0.1:${port}/environment`)
  return ((await body.json()) as { refusals: number }).refusals
}

test('a component that hangs is unresponsive until it answers again; what depends on it runs on', async () => {
  const [a = 0, b = 0] = await freePorts(2)
  await using box = await sandbox({
    components: [
      { name: 'a', port: a },
      { name: 'b', port: b, dependsOn: ['a'] },
    ],
  })
  const launched = await box.launch()
  const { runtime } = launched
  const before = await untilState(launched, 'a', 'ready')
  const dependent = await untilState(launched, 'b', 'ready')
  await runtime.signal('a', 'SIGSTOP')
  const hanging = await untilState(launched, 'a', 'unresponsive')
  expect(hanging.detail).toMatch(HANGS)
  expect(hanging.pid).toBe(before.pid)
  expect((await runtime.state()).phase).toBe('degraded')

  await runtime.signal('a', 'SIGCONT')
  const after = await untilState(launched, 'a', 'ready')
  expect(after).toMatchObject({ pid: before.pid, restarts: 0 })
  expect(after.detail).toBeUndefined()
  expect((await runtime.state()).phase).toBe('ready')
  expect(await untilState(launched, 'b', 'ready')).toEqual(dependent)
}, 60_000)

test('a component that hangs can be restarted and stopped at once', async () => {
  const [a = 0, b = 0] = await freePorts(2)
  await using box = await sandbox({
    components: [
      { name: 'a', port: a },
      { name: 'b', port: b },
    ],
  })
  const launched = await box.launch()
  const { runtime } = launched
  const before = await untilState(launched, 'a', 'ready')
  await untilState(launched, 'b', 'ready')
  for (const name of ['a', 'b']) await runtime.signal(name, 'SIGSTOP')
  for (const name of ['a', 'b']) await untilState(launched, name, 'unresponsive')
  await runtime.restart('a')
  const after = await untilState(launched, 'a', 'ready')
  expect(after.pid).not.toBe(before.pid)
  expect(after.restarts).toBe(0)
  // the kit does not start any longer: the other one hangs
  expect((await runtime.state()).phase).toBe('degraded')
  await runtime.stop('b')
  expect((await untilState(launched, 'b', 'stopped')).pid).toBeUndefined()
}, 60_000)

test('a component that hangs for too long is terminated and started again as after a crash', async () => {
  const [a = 0] = await freePorts(1)
  await using box = await sandbox({
    components: [{ name: 'a', port: a, terminateAfterMs: 6000, stopTimeoutMs: 300, env: { STUBBORN: '1' } }],
  })
  const launched = await box.launch()
  const before = await untilState(launched, 'a', 'ready')
  const seen: string[] = []
  const watch = (async () => {
    for await (const { components } of launched.runtime.changes(AbortSignal.timeout(45_000))) {
      const [component] = components
      if (component !== undefined) seen.push(`${component.state}: ${component.detail ?? ''}`)
      if (component?.restarts === 1 && component.state === 'ready') return
    }
  })()
  await launched.runtime.signal('a', 'SIGSTOP')
  await watch
  const [terminated] = seen.filter((line) => line.startsWith('backoff'))
  expect(terminated).toMatch(/^backoff: has not answered since .*; it was terminated\na says hello$/)
  expect((await untilState(launched, 'a', 'ready')).pid).not.toBe(before.pid)
}, 60_000)

test('a component that answers that it is not ready stays ready', async () => {
  const [a = 0] = await freePorts(1)
  await using box = await sandbox({ components: [] })
  const gate = join(box.stateDir, 'gate')
  writeFileSync(gate, '')
  await using gated = await sandbox(
    { components: [{ name: 'a', port: a, env: { READY_WHEN_EXISTS: gate } }] },
    box.stateDir,
  )
  const launched = await gated.launch()
  const before = await untilState(launched, 'a', 'ready')
  const refusals = await refusalsOf(a)
  rmSync(gate)
  // the one after the first has been judged by then
  await eventually(async () => expect(await refusalsOf(a)).toBeGreaterThan(refusals + 1))
  expect(await untilState(launched, 'a', 'ready')).toEqual(before)
}, 60_000)
