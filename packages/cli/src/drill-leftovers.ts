import { findLeftover, leftoverText, undoLeftover } from '@faultline/drill-engine'
import { messageOf, type Runtime } from '@faultline/runtime'
import { kitStateDir, type WhichKit } from './kit.ts'

/** Says what a drill left in the kit, if it did. */
export async function tellLeftover(which: WhichKit): Promise<void> {
  const left = await findLeftover(kitStateDir(which)).catch(() => undefined)
  if (left !== undefined) console.error(leftoverText(left, takenOutBy(which)))
}

/** The commands that take out what a drill left in, for people; `docker compose` knows nothing of drills. */
export function takenOutBy({ compose }: WhichKit): string {
  return compose ? '"npx faultline drill --undo --compose"' : '"npx faultline drill --undo" or "down"'
}

/** Takes out what a killed drill left in. A kit that cannot do it now keeps the journal, and is told so. */
export async function undoBefore(runtime: Runtime, stateDir: string): Promise<void> {
  try {
    const left = await undoLeftover(runtime, stateDir)
    if (left !== undefined) console.log(`Took out what the drill ${left.drill} had left in.`)
  } catch (error) {
    console.error(
      `What a drill left in could not be taken out; the next "up" or "drill" tries again: ${messageOf(error)}`,
    )
  }
}
