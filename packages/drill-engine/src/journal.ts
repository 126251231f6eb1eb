import { open, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { makeFolder } from '@faultline/runtime'
import writeFileAtomic from 'write-file-atomic'
import { z } from 'zod'

const undoStepSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('toxic'), proxy: z.string(), toxic: z.string() }),
  z.object({ kind: z.literal('sql'), statements: z.array(z.string()) }),
  z.object({ kind: z.literal('signal'), component: z.string(), signal: z.string() }),
  z.object({ kind: z.literal('restart'), component: z.string() }),
  z.object({ kind: z.literal('flag'), name: z.string() }),
])

/** One step that takes a fault out. Each may be taken twice. */
export type UndoStep = z.infer<typeof undoStepSchema>

const journalSchema = z.object({
  version: z.literal(1),
  drill: z.string(),
  phase: z.string(),
  /** Process that runs the drill. */
  runner: z.object({ pid: z.number().int().positive(), startedAtMs: z.number() }),
  /** Whoever asked for it wants the fault left in after the drill. */
  kept: z.boolean(),
  undo: z.array(undoStepSchema),
})

type JournalContent = z.infer<typeof journalSchema>

/** Where the journal of a state folder lies. */
export const journalFile = (stateDir: string): string => join(stateDir, 'drill-journal.json')

/**
 * What must be undone, on the disk before anything is done. The one truth about faults that are in: whoever finds it
 * undoes it, whatever became of the process that wrote it.
 */
export class Journal {
  readonly #file: string
  #content: JournalContent

  private constructor(file: string, content: JournalContent) {
    this.#file = file
    this.#content = content
  }

  static async begin(stateDir: string, drill: string): Promise<Journal> {
    const journal = new Journal(journalFile(stateDir), {
      version: 1,
      drill,
      phase: 'preparation',
      runner: { pid: process.pid, startedAtMs: Math.round(performance.timeOrigin) },
      kept: false,
      undo: [],
    })
    await makeFolder(dirname(journal.#file))
    await journal.#write({})
    return journal
  }

  enter(phase: string): Promise<void> {
    return this.#write({ phase })
  }

  /** Writes down how something is undone. Resolves when it is on the disk: only then may it be done. */
  willDo(step: UndoStep): Promise<void> {
    return this.#write({ undo: [...this.open, step] })
  }

  /** These steps have been taken. */
  undone(...steps: readonly UndoStep[]): Promise<void> {
    return this.#write({
      undo: this.open.filter((one) => !steps.some((step) => isDeepStrictEqual(one, step))),
    })
  }

  /** The drill ends and leaves its fault in. */
  keep(): Promise<void> {
    return this.#write({ kept: true, phase: 'kept' })
  }

  /** What has not been undone, in the order in which it was done. */
  get open(): readonly UndoStep[] {
    return this.#content.undo
  }

  async end(): Promise<void> {
    await rm(this.#file, { force: true })
  }

  async #write(change: Partial<JournalContent>): Promise<void> {
    this.#content = { ...this.#content, ...change }
    await writeFileAtomic(this.#file, `${JSON.stringify(this.#content, null, 2)}\n`, { fsync: true })
    // the name of the file, too, must survive a power cut
    const folder = await open(dirname(this.#file))
    await folder.sync()
    await folder.close()
  }
}

/** @returns undefined when nothing is in */
export async function readJournal(stateDir: string): Promise<JournalContent | undefined> {
  let text: string
  try {
    text = await readFile(journalFile(stateDir), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  return journalSchema.parse(JSON.parse(text))
}

/** Whether the process that wrote the journal still runs its drill. */
export function isRunning({ kept, runner }: JournalContent): boolean {
  if (kept) return false
  try {
    process.kill(runner.pid, 0)
    return true
  } catch {
    return false
  }
}

/** What a drill left in a kit. */
export type Leftover = ReturnType<typeof leftoverOf>

export function leftoverOf(journal: JournalContent) {
  const { drill, phase, kept } = journal
  // one whose runner still runs is not left, it is at work
  return { drill, phase, kept, running: isRunning(journal) }
}

export async function findLeftover(stateDir: string): Promise<Leftover | undefined> {
  const journal = await readJournal(stateDir)
  return journal && leftoverOf(journal)
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
