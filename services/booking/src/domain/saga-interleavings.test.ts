/** The saga in a world that crashes, loses, delays and repeats: whatever happens, in the end it is as it should be. */
// Hundreds of thousands of checks: vitest's own would take seconds.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type SagaEffect, type SagaEvent, type SagaState, sagaStep } from './saga.ts'

/** What is durable of a reservation and its order. */
interface Stored {
  state: SagaState
  sold: number
  freed: number
  announced: number
}

/** A request to payments, on its way. Nobody waits for the answer any more once its caller is dead. */
interface Call {
  reservation: number
  answer: 'paid' | 'refused' | undefined
  callerAlive: boolean
}

/** One seat that many want, a database, payments, and a network between them. */
class World {
  readonly reservations: Stored[] = []
  /** Payments' own books: what became of an order's charge, once and for all. */
  readonly charges = new Map<number, 'paid' | 'refused'>()
  calls: Call[] = []
  seat: 'available' | 'held' | 'sold' = 'available'

  reserve(): void {
    if (this.seat !== 'available') return
    this.seat = 'held'
    this.reservations.push({ state: 'held', sold: 0, freed: 0, announced: 0 })
  }

  /** One transaction: state and effects together. @param dies right after the commit, before anything else */
  happen(index: number, event: SagaEvent, dies = false): void {
    const stored = this.reservations[index]
    const step = stored && sagaStep(stored.state, event)
    if (!step) return
    stored.state = step.state
    for (const effect of step.effects) this.carryOut(index, stored, effect, dies)
  }

  private carryOut(index: number, stored: Stored, effect: SagaEffect, dies: boolean): void {
    if (effect === 'announce') stored.announced++
    if (effect === 'sell-seats') {
      assert.equal(this.seat, 'held')
      this.seat = 'sold'
      stored.sold++
    }
    if (effect === 'free-seats') {
      assert.equal(this.seat, 'held')
      this.seat = 'available'
      stored.freed++
    }
    // A repeat, after `unknown`, is the recovery's.
    if (effect === 'charge' && stored.state === 'pending' && !dies) this.ask(index)
  }

  /** Sends a charge for an order that is pending in the database. */
  ask(index: number): void {
    if (this.reservations[index]?.state !== 'pending') return
    this.calls.push({ reservation: index, answer: undefined, callerAlive: true })
  }

  /** Payments work on a request: an order is charged once, whatever this card would say now. */
  work(call: Call | undefined, wouldBe: 'paid' | 'refused'): void {
    if (!call) return
    const known = this.charges.get(call.reservation) ?? wouldBe
    this.charges.set(call.reservation, known)
    call.answer = known
  }

  deliver(call: Call | undefined): void {
    if (!call?.answer) return
    this.calls = this.calls.filter((other) => other !== call)
    if (call.callerAlive) this.happen(call.reservation, call.answer)
  }

  /** The caller waits no longer; the request goes on. */
  timeOut(call: Call | undefined): void {
    if (!call?.callerAlive) return
    call.callerAlive = false
    this.happen(call.reservation, 'unknown', true)
  }

  duplicate(call: Call | undefined): void {
    if (call) this.calls.push({ ...call, callerAlive: false })
  }

  crash(): void {
    for (const call of this.calls) call.callerAlive = false
  }

  /** What workers do when nothing fails any more. */
  settle(): void {
    for (const call of [...this.calls]) {
      this.work(call, 'paid')
      this.deliver(call)
    }
    for (const index of this.reservations.keys()) {
      this.happen(index, 'expired')
      this.ask(index)
    }
    for (const call of [...this.calls]) {
      this.work(call, 'paid')
      this.deliver(call)
    }
  }

  expectSound(): void {
    const active = this.reservations.filter(
      ({ state }) => !['released', 'expired', 'declined'].includes(state),
    )
    assert.equal(active.length, this.seat === 'available' ? 0 : 1)
    for (const { state, sold, freed, announced } of this.reservations) {
      assert.equal(sold, state === 'confirmed' ? 1 : 0)
      assert.equal(announced, sold)
      assert.ok(freed <= 1)
    }
  }
}

const at = fc.nat({ max: 7 })
const action = fc.oneof(
  fc.constant((world: World) => world.reserve()),
  at.map((index) => (world: World) => world.ask(index % Math.max(1, world.reservations.length))),
  fc
    .record({
      index: at,
      event: fc.constantFrom<SagaEvent>('ordered', 'ordered', 'released', 'expired'),
      dies: fc.boolean(),
    })
    .map(
      ({ index, event, dies }) =>
        (world: World) =>
          world.happen(index % Math.max(1, world.reservations.length), event, dies),
    ),
  fc.record({ index: at, outcome: fc.constantFrom<'paid' | 'refused'>('paid', 'refused') }).map(
    ({ index, outcome }) =>
      (world: World) =>
        world.work(world.calls[index % Math.max(1, world.calls.length)], outcome),
  ),
  fc
    .record({
      index: at,
      what: fc.constantFrom<'deliver' | 'timeOut' | 'duplicate'>('deliver', 'timeOut', 'duplicate'),
    })
    .map(
      ({ index, what }) =>
        (world: World) =>
          world[what](world.calls[index % Math.max(1, world.calls.length)]),
    ),
  fc.constant((world: World) => world.crash()),
)

describe('the saga, among crashes, duplicates, timeouts and answers in any order', () => {
  it('is paid exactly where it is confirmed with its seat sold once, and unpaid holds no seat', () => {
    let confirmed = 0
    let declined = 0
    fc.assert(
      fc.property(fc.array(action, { minLength: 20, maxLength: 80, size: 'max' }), (actions) => {
        const world = new World()
        for (const act of actions) {
          act(world)
          world.expectSound()
        }
        world.settle()
        world.expectSound()
        assert.notEqual(world.seat, 'held')
        world.reservations.forEach(({ state }, index) => {
          assert.equal(state === 'confirmed', world.charges.get(index) === 'paid')
          assert.equal(state === 'declined', world.charges.get(index) === 'refused')
          assert.ok(state !== 'held' && state !== 'pending')
        })
        confirmed += world.reservations.filter(({ state }) => state === 'confirmed').length
        declined += world.reservations.filter(({ state }) => state === 'declined').length
      }),
      { numRuns: 500 },
    )
    // The runs came as far as both ends.
    expect(Math.min(confirmed, declined)).toBeGreaterThan(50)
  })
})
