import { setTimeout as delay } from 'node:timers/promises'
import type { ComponentStatus, Runtime, ServiceName } from '@faultline/runtime'
import { expect } from 'vitest'

/** What is killed: every process that an order passes, and what they keep their state in. */
export const VICTIMS = [
  'gateway',
  'catalog-1',
  'catalog-2',
  'booking',
  'payments',
  'payment-provider',
  'ticketing',
  'nats',
  'postgres',
] as const satisfies readonly ServiceName[]

export interface Kill {
  readonly victim: (typeof VICTIMS)[number]
  /** When so many more orders have been acknowledged than at the kill before. */
  readonly afterOrders: number
  /** And so many ms more, to hit any phase of an order. */
  readonly afterMs: number
}

const MAX_MS = 500

/** mulberry32: the same seed gives the same numbers, 0 ≤ x < 1. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Every victim once, in an order and at moments that the seed decides, spread over `orders` acknowledged ones. */
export function planKills(seed: number, orders: number): Kill[] {
  const next = numbers(seed)
  const gap = orders / (VICTIMS.length + 1)
  return VICTIMS.map((victim) => ({ victim, place: next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ victim }) => ({
      victim,
      afterOrders: Math.max(1, Math.round(gap * (0.5 + next()))),
      afterMs: Math.round(next() * MAX_MS),
    }))
}

/** Kills a component and waits until the kit has brought it back. */
export async function kill(runtime: Runtime, { victim, afterMs }: Kill, timeout: number): Promise<void> {
  await delay(afterMs)
  const before = await find(runtime, victim)
  await runtime.signal(victim, 'SIGKILL')
  await expect
    .poll(
      async () => {
        const now = await find(runtime, victim)
        return now.pid !== before.pid && now.state === 'ready'
      },
      { timeout, interval: 100, message: `${victim} comes back after a kill` },
    )
    .toBe(true)
}

async function find(runtime: Runtime, name: string): Promise<ComponentStatus> {
  const found = (await runtime.status()).find((component) => component.name === name)
  if (found === undefined) throw new Error(`the kit has no component ${name}`)
  return found
}
