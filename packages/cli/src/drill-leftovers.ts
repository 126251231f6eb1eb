import { findLeftover, leftoverText, undoLeftover } from '@faultline/drill-engine'
import { messageOf, type Runtime } from '@faultline/stack'

/** Says what a drill left in the kit, if it did. */
export async function tellLeftover(stateDir: string): Promise<void> {
  const left = await findLeftover(stateDir).catch(() => undefined)
  if (left !== undefined) console.error(leftoverText(left))
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
