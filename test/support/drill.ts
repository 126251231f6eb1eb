import { readJournal, type Verdict } from '@faultline/drill-engine'
import { Client } from 'pg'
import { expect } from 'vitest'
import type { Kit } from './kit.ts'

/** Longer than any drill takes, its wait for quiet included. */
export const DRILL_TIMEOUT_MS = 400_000
/** Until a drill has seen its baseline and put its fault in. */
const FAULT_TIMEOUT_MS = 150_000

/** Runs a drill to its verdict. */
export async function drill(
  kit: Kit,
  name: string,
  ...options: readonly string[]
): Promise<{ exitCode: number | undefined; verdict: Verdict }> {
  const { exitCode, stdout, all } = await kit.faultline(
    ['drill', name, '--json', ...options],
    DRILL_TIMEOUT_MS,
  )
  if (!stdout.startsWith('{')) throw new Error(`the drill gave no verdict:\n${all}`)
  return { exitCode, verdict: JSON.parse(stdout) as Verdict }
}

/** Whether the index is there that the drill slow-query takes away. */
export async function hasIndex({ runtime }: Pick<Kit, 'runtime'>): Promise<boolean> {
  const client = new Client({ connectionString: runtime.endpoints().postgres })
  await client.connect()
  try {
    const { rowCount } = await client.query(
      "SELECT FROM pg_indexes WHERE indexname = 'seats_concert_place_idx'",
    )
    return rowCount === 1
  } finally {
    await client.end()
  }
}

/** Runs the drill slow-query until its fault is in, and kills it there. */
export async function killInItsFault(kit: Kit): Promise<void> {
  const runner = kit.faultline(['drill', 'slow-query'], DRILL_TIMEOUT_MS)
  await expect.poll(() => hasIndex(kit), { timeout: FAULT_TIMEOUT_MS, interval: 250 }).toBe(false)
  const journal = await readJournal(kit.stateDir)
  process.kill(journal?.runner.pid ?? 0, 'SIGKILL')
  await runner
}
