import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  advance,
  INITIAL,
  isGivenUp,
  type Lifecycle,
  type LifecycleEvent,
  type RestartPolicy,
} from './lifecycle.ts'

const policy: RestartPolicy = {
  attempts: 3,
  initialDelayMs: 100,
  maxDelayMs: 1000,
  stableAfterMs: 5000,
  unresponsiveAfterMs: 1500,
  terminateAfterMs: 12_000,
}

const anyEvent: fc.Arbitrary<LifecycleEvent> = fc.oneof(
  fc.constantFrom<LifecycleEvent>(
    { type: 'building' },
    { type: 'built' },
    { type: 'unavailable' },
    { type: 'starting' },
    { type: 'ready' },
    { type: 'answered' },
    { type: 'stop' },
    { type: 'start' },
  ),
  fc.nat({ max: 10_000 }).map((readyForMs): LifecycleEvent => ({ type: 'ended', readyForMs })),
  fc.nat({ max: 5000 }).map((forMs): LifecycleEvent => ({ type: 'silent', forMs })),
)

const run = (events: readonly LifecycleEvent[], from: Lifecycle = INITIAL): Lifecycle =>
  events.reduce((life, event) => advance(life, event, policy), from)

const crash: LifecycleEvent = { type: 'ended', readyForMs: 0 }
const start: LifecycleEvent = { type: 'starting' }
const ready: LifecycleEvent = { type: 'ready' }
const answered: LifecycleEvent = { type: 'answered' }
const silent: LifecycleEvent = { type: 'silent', forMs: 500 }

test('whatever happens, the delay before a retry exists exactly in backoff and stays within its bounds', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
      let life = INITIAL
      for (const event of events) {
        life = advance(life, event, policy)
        expect(life.retryInMs !== undefined).toBe(life.state === 'backoff')
        if (life.retryInMs === undefined) continue
        expect(life.retryInMs).toBeGreaterThanOrEqual(policy.initialDelayMs)
        expect(life.retryInMs).toBeLessThanOrEqual(policy.maxDelayMs)
      }
    }),
  )
})

test('a component becomes ready by its start or by an answer after silence, and fails only before it was ever ready', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
      let life = INITIAL
      for (const event of events) {
        const next = advance(life, event, policy)
        if (next.state === 'ready' && life.state !== 'ready')
          expect([life.state, event.type]).toEqual(
            life.state === 'starting' ? ['starting', 'ready'] : ['unresponsive', 'answered'],
          )
        if (next.state === 'failed' && life.state !== 'failed') expect(life.everReady).toBe(false)
        life = next
      }
    }),
  )
})

test('restarts only grow, by one at a time, and only when a try begins after a crash', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
      let life = INITIAL
      for (const event of events) {
        const next = advance(life, event, policy)
        const retried = life.state === 'backoff' && event.type === 'starting'
        expect(next.restarts - life.restarts).toBe(retried ? 1 : 0)
        life = next
      }
    }),
  )
})

test('a stopped or failed component leaves that state only when it is started', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 40 }), anyEvent, (events, event) => {
      const life = run(events)
      if (life.state !== 'stopped' && life.state !== 'failed') return
      const next = advance(life, event, policy)
      if (next.state !== life.state) expect(['start', 'stop']).toContain(event.type)
    }),
  )
})

test('what was ready is unresponsive exactly while its probes of long enough in a row were not answered', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
      let life = INITIAL
      let unansweredMs = 0
      for (const event of events) {
        life = advance(life, event, policy)
        if (life.state !== 'ready' && life.state !== 'unresponsive') {
          unansweredMs = 0
          expect(life.silentMs).toBeUndefined()
          continue
        }
        if (event.type === 'silent') unansweredMs += event.forMs
        if (event.type === 'answered') unansweredMs = 0
        expect(life.state === 'unresponsive').toBe(unansweredMs >= policy.unresponsiveAfterMs)
        expect(isGivenUp(life, policy)).toBe(unansweredMs >= policy.terminateAfterMs)
      }
    }),
  )
})

test('one that is unresponsive ends, stops and starts again as one that is ready does', () => {
  const healthy = run([start, ready])
  const hanging = run([silent, silent, silent], healthy)
  expect(hanging.state).toBe('unresponsive')
  for (const next of [[crash], [crash, start], [crash, start, ready], [{ type: 'stop' }]] as const)
    expect(run(next, hanging)).toEqual(run(next, healthy))
})

test('silence counts only in a row', () => {
  const life = run([start, ready, silent, silent, answered, silent, silent])
  expect(life).toMatchObject({ state: 'ready', silentMs: 1000 })
})

test('tries that never become ready end in failure after as many as the policy allows', () => {
  expect(run([start, crash, start, crash]).state).toBe('backoff')
  expect(run([start, crash, start, crash, start, crash])).toMatchObject({ state: 'failed', restarts: 2 })
})

test('delays double up to the longest', () => {
  const delays: (number | undefined)[] = []
  let life = run([start, ready])
  for (let n = 0; n < 6; n += 1) {
    life = run([crash], life)
    delays.push(life.retryInMs)
    life = run([start, ready], life)
  }
  expect(delays).toEqual([100, 200, 400, 800, 1000, 1000])
})

test('a crash after a long healthy time counts as the first', () => {
  const worn = run([start, ready, crash, start, ready, crash, start, ready])
  expect(advance(worn, { type: 'ended', readyForMs: 4999 }, policy).retryInMs).toBe(400)
  expect(advance(worn, { type: 'ended', readyForMs: 5000 }, policy).retryInMs).toBe(100)
})

test('started again by hand after a failure it has all its tries again', () => {
  const failed = run([start, crash, start, crash, start, crash])
  const again = run([{ type: 'start' }, start, crash, start, crash], failed)
  expect(again.state).toBe('backoff')
})
