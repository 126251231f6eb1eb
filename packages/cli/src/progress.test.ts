import type { ComponentRecord, StackState } from '@faultline/runtime'
import { expect, test } from 'vitest'
import { LineProgress } from './progress.ts'

const record = (
  name: string,
  state: ComponentRecord['state'],
  more: Partial<ComponentRecord> = {},
): ComponentRecord => ({
  name,
  kind: 'service',
  state,
  since: '2026-11-01T00:00:00.000Z',
  restarts: 0,
  ports: [],
  stopWave: 0,
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 0,
  ...more,
})

const stateOf = (...components: ComponentRecord[]): StackState =>
  ({ startedAt: '2026-11-01T00:00:00.000Z', components, tools: [] }) as unknown as StackState

function progress(fromNowOn = false) {
  const lines: string[] = []
  const clock = { now: Date.parse('2026-11-01T00:00:05.000Z') }
  return {
    lines,
    clock,
    progress: new LineProgress({ fromNowOn, write: (line) => lines.push(line), now: () => clock.now }),
  }
}

test('one line for each change, none for what stays or where everything begins', () => {
  const { lines, progress: told } = progress()
  told.update(stateOf(record('a', 'waiting'), record('b', 'starting')))
  told.update(stateOf(record('a', 'waiting', { detail: 'waits for b' }), record('b', 'starting')))
  told.update(stateOf(record('a', 'starting'), record('b', 'ready', { source: 'built' })))
  expect(lines).toEqual([
    '[    5.0 s] b               starting',
    '[    5.0 s] a               starting',
    '[    5.0 s] b               ready        built',
  ])
})

test('of a build a line every 15 seconds', () => {
  const { lines, clock, progress: told } = progress()
  for (let second = 0; second <= 30; second += 1) {
    told.update(stateOf(record('loki', 'building', { detail: `${second} %` })))
    clock.now += 1000
  }
  expect(lines.map((line) => line.slice(12))).toEqual([
    'loki            building     0 %',
    'loki            building     15 %',
    'loki            building     30 %',
  ])
})

test('a crash says why in a line, a failure in several', () => {
  const { lines, progress: told } = progress()
  const detail = 'exited with code 1\nError: no\n  because of this'
  told.update(stateOf(record('a', 'backoff', { detail }), record('b', 'failed', { detail })))
  expect(lines).toEqual([
    '[    5.0 s] a               backoff      exited with code 1:   because of this',
    '[    5.0 s] b               failed       exited with code 1',
    '              | Error: no',
    '              |   because of this',
  ])
})

test('that a component hangs, and that it answers again, is told once each', () => {
  const { lines, progress: told } = progress(true)
  const hangs = (reason: string): ComponentRecord =>
    record('a', 'unresponsive', { detail: `has not answered since 14:03:07: ${reason}` })
  told.update(stateOf(record('a', 'ready')))
  told.update(stateOf(hangs('no answer within 5 s')))
  told.update(stateOf(hangs('connect ECONNREFUSED 127.0.0.1:9082')))
  told.update(stateOf(record('a', 'ready')))
  expect(lines).toEqual([
    '[    5.0 s] a               unresponsive has not answered since 14:03:07: no answer within 5 s',
    '[    5.0 s] a               ready',
  ])
})

test('from now on, what is known already is not told', () => {
  const { lines, progress: told } = progress(true)
  told.update(stateOf(record('a', 'ready'), record('b', 'ready')))
  told.update(stateOf(record('a', 'stopped'), record('b', 'ready')))
  expect(lines).toEqual(['[    5.0 s] a               stopped'])
})
