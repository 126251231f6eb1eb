import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { request } from 'undici'
import { expect, test } from 'vitest'
import { eventually, freePorts, sandbox, untilState } from './harness.ts'

async function environment(
  port: number,
): Promise<{ env: Record<string, string>; args: string[]; pid: number }> {
  const { body } = await request(`http://127.0.0.1:${port}/environment`)
  return (await body.json()) as { env: Record<string, string>; args: string[]; pid: number }
}

test('a component starts when what it depends on is ready, and stops before it', async () => {
  const [a = 0, b = 0, c = 0] = await freePorts(3)
  await using box = await sandbox({
    components: [
      { name: 'c', port: c, dependsOn: ['b'] },
      { name: 'b', port: b, dependsOn: ['a', 'seed'], env: { READY_DELAY_MS: '300' } },
      { name: 'a', port: a, env: { READY_DELAY_MS: '300' } },
      { name: 'seed', kind: 'task', dependsOn: ['a'], env: { EXIT_WITH: '0' } },
    ],
    milestones: { shop: ['b'], metrics: ['c'] },
  })
  const launched = await box.launch()
  await untilState(launched, 'c', 'ready')
  expect(box.events()).toEqual(['start a', 'start seed', 'start b', 'start c'])

  const { phase, milestones } = await launched.runtime.state()
  expect(phase).toBe('ready')
  const { shopSeconds = 0, metricsSeconds = 0, everythingSeconds = 0 } = milestones
  expect(shopSeconds).toBeGreaterThan(0.6)
  expect(metricsSeconds).toBeGreaterThanOrEqual(shopSeconds)
  expect(everythingSeconds).toBeGreaterThanOrEqual(metricsSeconds)

  await box[Symbol.asyncDispose]()
}, 60_000)

test('everything stops in reverse order, what flushes before what it flushes to', async () => {
  const [store = 0, pipeline = 0, service = 0] = await freePorts(3)
  await using box = await sandbox({
    components: [
      { name: 'store', port: store },
      { name: 'pipeline', port: pipeline, flushesTo: ['store'] },
      { name: 'service', port: service, flushesTo: ['pipeline'] },
    ],
  })
  const launched = await box.launch()
  for (const name of ['store', 'pipeline', 'service']) await untilState(launched, name, 'ready')
  await launched.runtime.stopAll()
  await eventually(() =>
    expect(box.events().slice(3)).toEqual(['stop service', 'stop pipeline', 'stop store']),
  )
}, 60_000)

test('a component is starting until its probe passes', async () => {
  const [a = 0] = await freePorts(1)
  await using box = await sandbox({ components: [] })
  const gate = join(box.stateDir, 'gate')
  await using gated = await sandbox(
    { components: [{ name: 'a', port: a, env: { READY_WHEN_EXISTS: gate } }] },
    box.stateDir,
  )
  const launched = await gated.launch()
  await eventually(async () => expect((await environment(a)).pid).toBeGreaterThan(0))
  await untilState(launched, 'a', 'starting')
  writeFileSync(gate, '')
  await untilState(launched, 'a', 'ready')
}, 60_000)

test('a crashed component goes through backoff and is started again, its log says why', async () => {
  const [a = 0] = await freePorts(1)
  await using box = await sandbox({ components: [{ name: 'a', port: a }] })
  const launched = await box.launch()
  const before = await untilState(launched, 'a', 'ready')
  const seen: string[] = []
  const watch = (async () => {
    for await (const { components } of launched.runtime.changes()) {
      const [component] = components
      if (component !== undefined) seen.push(`${component.state}: ${component.detail ?? ''}`)
      if (component?.restarts === 1 && component.state === 'ready') return
    }
  })()
  await launched.runtime.signal('a', 'SIGKILL')
  await watch
  expect(seen.find((line) => line.startsWith('backoff'))).toMatch(/was killed by SIGKILL\na says hello$/)
  const after = await untilState(launched, 'a', 'ready', ({ restarts }) => expect(restarts).toBe(1))
  expect(after.pid).not.toBe(before.pid)
}, 60_000)

test('a component that never becomes ready fails after its tries; others go on', async () => {
  const [a = 0, b = 0, c = 0] = await freePorts(3)
  await using box = await sandbox({
    components: [
      { name: 'a', port: a },
      { name: 'broken', port: b, env: { EXIT_WITH: '7' } },
      { name: 'behind', port: c, dependsOn: ['broken'] },
    ],
  })
  const launched = await box.launch()
  const broken = await untilState(launched, 'broken', 'failed')
  expect(broken.restarts).toBe(2)
  expect(broken.detail).toMatch(/^exited with code 7\n/)
  expect(broken.detail).toMatch(/broken gives up: configuration is broken$/)
  await untilState(launched, 'a', 'ready')
  const behind = await untilState(launched, 'behind', 'waiting')
  expect(behind.detail).toBe('waits for broken')
  expect((await launched.runtime.state()).phase).toBe('degraded')
  await expect(launched.runtime.start('broken')).rejects.toThrow(/^broken is failed: exited with code 7/)
}, 60_000)

test('a probe that does not pass in time counts as a failure', async () => {
  const [a = 0] = await freePorts(1)
  await using box = await sandbox({
    components: [{ name: 'a', port: a, readyTimeoutMs: 1500, env: { READY_WHEN_EXISTS: '/nowhere' } }],
  })
  const launched = await box.launch()
  const failed = await untilState(launched, 'a', 'failed')
  expect(failed.detail).toMatch(/^not ready within 1.5 s: status 503: not ready yet/)
}, 60_000)

test('overrides of a restart hold over a crash, until the next restart without them', async () => {
  const [a = 0] = await freePorts(1)
  await using box = await sandbox({ components: [{ name: 'a', port: a, env: { COLOUR: 'red' } }] })
  const launched = await box.launch()
  await untilState(launched, 'a', 'ready')
  await launched.runtime.restart('a', { env: { COLOUR: 'blue' }, args: ['--loud'] })
  expect(await environment(a)).toMatchObject({ env: { COLOUR: 'blue' }, args: ['--loud'] })
  await launched.runtime.signal('a', 'SIGKILL')
  await untilState(launched, 'a', 'ready', ({ restarts }) => expect(restarts).toBe(1))
  expect(await environment(a)).toMatchObject({ env: { COLOUR: 'blue' }, args: ['--loud'] })
  await launched.runtime.restart('a')
  expect(await environment(a)).toMatchObject({ env: { COLOUR: 'red' }, args: [] })
}, 60_000)

test('a stopped component stays stopped until it is started; restarts at the same time do not block each other', async () => {
  const [a = 0] = await freePorts(1)
  await using box = await sandbox({ components: [{ name: 'a', port: a }] })
  const launched = await box.launch()
  const { pid } = await untilState(launched, 'a', 'ready')
  await launched.runtime.stop('a')
  const stopped = await untilState(launched, 'a', 'stopped')
  expect(stopped.pid).toBeUndefined()
  await expect(launched.runtime.signal('a', 'SIGTERM')).rejects.toThrow('a is not running')
  await launched.runtime.start('a')
  await Promise.all([launched.runtime.restart('a'), launched.runtime.restart('a')])
  const again = await untilState(launched, 'a', 'ready')
  expect(again.pid).not.toBe(pid)
}, 60_000)

test('a component that ignores its stop signal is killed after the timeout, even while suspended', async () => {
  const [a = 0, b = 0] = await freePorts(2)
  await using box = await sandbox({
    components: [
      { name: 'stubborn', port: a, stopTimeoutMs: 300, env: { STUBBORN: '1' } },
      { name: 'suspended', port: b },
    ],
  })
  const launched = await box.launch()
  await untilState(launched, 'stubborn', 'ready')
  await untilState(launched, 'suspended', 'ready')
  await launched.runtime.stop('stubborn')
  await launched.runtime.signal('suspended', 'SIGSTOP')
  await launched.runtime.stop('suspended')
  expect(box.events().filter((event) => event.startsWith('stop'))).toEqual(['stop suspended'])
}, 60_000)

test('binaries are built one at a time in their order; what needs none of them does not wait', async () => {
  const [a = 0, b = 0, c = 0] = await freePorts(3)
  await using box = await sandbox({
    components: [
      { name: 'slow', port: a, binary: 'loki' },
      { name: 'quick', port: b, binary: 'toxiproxy' },
      { name: 'plain', port: c },
    ],
    binaries: [
      ['toxiproxy', 700],
      ['loki', 700],
      ['k6', 100],
    ],
  })
  const launched = await box.launch()
  let togetherAtMost = 0
  const ready: string[] = []
  for await (const state of launched.runtime.changes()) {
    const all = [...state.components, ...state.tools]
    const building = all.filter((record) => record.state === 'building')
    togetherAtMost = Math.max(togetherAtMost, building.length)
    for (const { name, state: is } of all) if (is === 'ready' && !ready.includes(name)) ready.push(name)
    if (state.phase === 'ready') break
  }
  expect(togetherAtMost).toBe(1)
  expect(ready.filter((name) => name !== 'k6')).toEqual(['plain', 'quick', 'slow'])
  const { components } = await launched.runtime.state()
  expect(components.find(({ name }) => name === 'slow')).toMatchObject({ version: '1.2.3', source: 'built' })
}, 60_000)

test('a binary that is not available fails its component as something the machine lacks', async () => {
  const [a = 0] = await freePorts(1)
  await using box = await sandbox({
    components: [{ name: 'a', port: a, binary: 'prometheus' }],
    binaries: [['prometheus', -1]],
  })
  const launched = await box.launch()
  const failed = await untilState(launched, 'a', 'failed')
  expect(failed.detail).toBe('prometheus cannot be built: there is no Go toolchain\nInstall Go.')
  const { components, phase } = await launched.runtime.state()
  expect(components[0]?.lacking).toBe('no-go')
  expect(phase).toBe('degraded')
}, 60_000)

test('a tool that is not available does not make what runs degraded', async () => {
  const [a = 0] = await freePorts(1)
  await using box = await sandbox({ components: [{ name: 'a', port: a }], binaries: [['k6', -1]] })
  const launched = await box.launch()
  await untilState(launched, 'a', 'ready')
  const { phase, tools } = await launched.runtime.state()
  expect(phase).toBe('ready')
  expect(tools).toMatchObject([{ name: 'k6', state: 'failed', lacking: 'no-go' }])
}, 60_000)
