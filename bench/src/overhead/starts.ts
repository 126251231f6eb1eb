import pidusage from 'pidusage'
import { type Addresses, startGateway } from './processes.ts'
import type { Variant } from './variants.ts'

/** One start of a service. */
export interface Start {
  /** Milliseconds from spawning the process to its first answer that it is ready. */
  readonly readyMs: number
  /** Resident set then, in bytes. */
  readonly memoryBytes: number
}

/** Starts and ends the gateway again and again, all variants in turn. */
export async function measureStarts(
  variants: readonly Variant[],
  addresses: Addresses,
  times: number,
): Promise<Map<string, Start[]>> {
  const starts = new Map<string, Start[]>(variants.map(({ name }) => [name, []]))
  for (let i = 0; i < times; i++) {
    console.log(`start ${i + 1} of ${times}`)
    for (const variant of variants) {
      await using gateway = await startGateway(variant, addresses)
      const { memory } = await pidusage(gateway.pid)
      starts.get(variant.name)?.push({ readyMs: gateway.startMs, memoryBytes: memory })
    }
  }
  return starts
}
