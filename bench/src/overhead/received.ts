import { setTimeout as delay } from 'node:timers/promises'
import { request } from 'undici'
import { type Addresses, sinkOf } from './processes.ts'
import type { Signal, Variant } from './variants.ts'

/** The ends of the paths that a signal may be sent to. */
const PATHS: Readonly<Record<Signal, readonly string[]>> = {
  traces: ['/v1/traces'],
  logs: ['/v1/logs'],
  profiles: ['/v1development/profiles', '/ingest'],
}

/** The stock profiler sends once a minute. */
const DEADLINE_MS = 90_000

/**
 * Waits until the sink has got from every variant all that it should send.
 * @throws Error that names what did not come: figures of a variant that did less work would be worth nothing
 */
export async function untilReceived(variants: readonly Variant[], addresses: Addresses): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS
  for (;;) {
    const missing = missingOf(variants, addresses, await receivedBytes(addresses))
    if (missing.length === 0) return
    if (Date.now() > deadline) throw new Error(`not sent, so not comparable: ${missing.join('; ')}`)
    await delay(500)
  }
}

function missingOf(
  variants: readonly Variant[],
  addresses: Addresses,
  received: Readonly<Record<string, number>>,
): string[] {
  return variants.flatMap((variant) => {
    const { pathname } = new URL(sinkOf(variant, addresses))
    const lacking = variant.sends.filter((signal) => !PATHS[signal].some((path) => received[pathname + path]))
    return lacking.length === 0 ? [] : [`${lacking.join(', ')} of "${variant.name}"`]
  })
}

async function receivedBytes({ sink }: Addresses): Promise<Readonly<Record<string, number>>> {
  const { body } = await request(sink)
  return (await body.json()) as Record<string, number>
}
