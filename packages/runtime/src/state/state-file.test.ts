import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { identify } from '../process.ts'
import {
  acquireLock,
  type ComponentRecord,
  parseState,
  readState,
  type StackState,
  writeState,
} from './state-file.ts'

const component: fc.Arbitrary<ComponentRecord> = fc.record(
  {
    name: fc.string(),
    kind: fc.constantFrom('service', 'task', 'tool'),
    state: fc.constantFrom(
      'waiting',
      'building',
      'starting',
      'ready',
      'unresponsive',
      'backoff',
      'stopped',
      'failed',
    ),
    process: fc.record({ pid: fc.integer({ min: 1 }), startTime: fc.string() }),
    since: fc.string(),
    restarts: fc.nat(),
    detail: fc.string(),
    ports: fc.array(fc.nat()),
    stopWave: fc.nat(),
    stopSignal: fc.string(),
    stopTimeoutMs: fc.nat(),
  },
  {
    requiredKeys: [
      'name',
      'kind',
      'state',
      'since',
      'restarts',
      'ports',
      'stopWave',
      'stopSignal',
      'stopTimeoutMs',
    ],
  },
)

function stateWith(components: ComponentRecord[]): StackState {
  return {
    version: 1,
    supervisor: { pid: 1, startTime: 'now' },
    startedAt: '2026-11-01T00:00:00.000Z',
    portOffset: 0,
    sloProfile: 'drill',
    socket: '/tmp/supervisor.sock',
    addresses: { 'gateway/http': '127.0.0.1:8081' },
    phase: 'starting',
    components,
    tools: [],
    milestones: { shopSeconds: 1.5 },
  }
}

test('what is written is what is read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-state-'))
  const file = join(folder, 'state.json')
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(component, { maxLength: 4 }), async (components) => {
        const state = stateWith(components)
        writeState(file, state)
        expect(await readState(file)).toEqual(state)
      }),
      { numRuns: 50 },
    )
    expect(await readdir(folder)).toEqual(['state.json'])
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('no file is no state', async () => {
  expect(await readState('/nonexistent/state.json')).toBeUndefined()
})

test('text that is no state is refused by an error that names file and field, whatever the text', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(() => parseState(text, 'state.json')).toThrow(
        /^state\.json cannot be read as state: "npx faultline down"/,
      )
    }),
  )
  const broken = JSON.stringify({ ...stateWith([]), phase: 'napping' })
  expect(() => parseState(broken, 'state.json')).toThrow(/phase/)
})

const self = identify(process.pid) ?? { pid: process.pid, startTime: '' }
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultline-lock-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('the first one gets the lock, the next one learns who has it', async () => {
  const file = join(folder, 'lock')
  expect(acquireLock(file, self)).toBeUndefined()
  expect(acquireLock(file, { pid: 1, startTime: 'another' })).toEqual(self)
  expect(await readdir(folder)).toEqual(['lock'])
})

test.each([
  ['of a process that is gone', JSON.stringify({ pid: process.pid, startTime: 'long ago' })],
  ['that nobody can read', '{'],
])('a lock %s is taken over', async (_what, text) => {
  const file = join(folder, 'lock')
  await writeFile(file, text)
  expect(acquireLock(file, self)).toBeUndefined()
  expect(existsSync(file)).toBe(true)
  expect(acquireLock(file, self)).toEqual(self)
})
