import type { Runtime } from '@faultline/runtime'
import { createInjector } from './faults/injector.ts'
import { isRunning, type JournalContent, readJournal, removeJournal } from './journal.ts'

/** What a drill left in a kit. */
export interface Leftover {
  readonly drill: string
  readonly phase: string
  /** Its runner still runs: it is not left, it is at work. */
  readonly running: boolean
  /** The fault was left in on request. */
  readonly kept: boolean
  /** How many steps undo it. */
  readonly steps: number
}

export async function findLeftover(stateDir: string): Promise<Leftover | undefined> {
  const journal = await readJournal(stateDir)
  return journal === undefined ? undefined : describe(journal)
}

/**
 * In one sentence for people.
 * @param takenOutBy the commands that take it out
 */
export function leftoverText({ drill, phase, running, kept }: Leftover, takenOutBy: string): string {
  if (running) return `The drill ${drill} is running (phase ${phase}).`
  if (kept) return `The fault of the drill ${drill} is still in, as asked for: ${takenOutBy} takes it out.`
  return `The drill ${drill} was killed in its phase ${phase} and its fault is still in: ${takenOutBy} takes it out.`
}

/**
 * Undoes what a drill left in, unless it still runs.
 * @returns what was undone
 * @throws EnvironmentFailure when not all of it could be; the journal then stays
 */
export async function undoLeftover(runtime: Runtime, stateDir: string): Promise<Leftover | undefined> {
  const journal = await readJournal(stateDir)
  if (journal === undefined || isRunning(journal)) return undefined
  await createInjector(runtime).take(journal.undo)
  await removeJournal(stateDir)
  return describe(journal)
}

function describe(journal: JournalContent): Leftover {
  const { drill, phase, kept, undo } = journal
  return { drill, phase, kept, running: isRunning(journal), steps: undo.length }
}
