import type { ComponentRecord, StackState } from '@faultline/runtime'
import { Listr, type ListrTask } from 'listr2'
import { duration, everythingOf, inOneLine, secondsSince } from './format.ts'

const BUILD_LINE_INTERVAL_MS = 15_000
const REFRESH_MS = 250
const nameAndState = ({ name, state }: ComponentRecord): string =>
  `${name.padEnd(15)} ${state.padEnd('unresponsive'.length)}`

export interface Progress {
  update(state: StackState): void
  finish(): Promise<void>
}

/** A live list on a terminal, lines otherwise. */
export const createProgress = (): Progress => (process.stdout.isTTY ? new LiveProgress() : new LineProgress())

interface LineOptions {
  /** The first state is known already: only what changes after it is told. */
  readonly fromNowOn?: boolean
  readonly write?: (line: string) => void
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

/** Progress where there is no terminal: one line for each change of a component, a build's progress now and then. */
export class LineProgress implements Progress {
  readonly #options: Required<LineOptions>
  readonly #seen = new Map<string, { state: string; at: number }>()

  constructor({ fromNowOn = false, write = console.log, now = Date.now }: LineOptions = {}) {
    this.#options = { fromNowOn, write, now }
  }

  update(state: StackState): void {
    const quiet = this.#seen.size === 0 && this.#options.fromNowOn
    for (const record of everythingOf(state)) {
      if (this.#isNews(record) && !quiet) this.#print(record, state.startedAt)
    }
  }

  async finish(): Promise<void> {}

  #isNews({ name, state }: ComponentRecord): boolean {
    const seen = this.#seen.get(name)
    const at = this.#options.now()
    const isDue = state === 'building' && at - (seen?.at ?? 0) >= BUILD_LINE_INTERVAL_MS
    if (seen?.state === state && !isDue) return false
    this.#seen.set(name, { state, at })
    // that a component waits is where all of them begin
    return seen !== undefined || state !== 'waiting'
  }

  #print(record: ComponentRecord, startedAt: string): void {
    const { write, now } = this.#options
    const elapsed = duration((now() - Date.parse(startedAt)) / 1000).padStart(9)
    const built = record.state === 'ready' && record.source === 'built' ? 'built' : ''
    const [first = '', ...rest] = (record.detail ?? '').split('\n')
    const reason = record.state === 'failed' ? first : inOneLine(record)
    write(`[${elapsed}] ${nameAndState(record)} ${reason || built}`.trimEnd())
    // what the machine lacks is said at the end, once for all that lack it
    if (record.state !== 'failed' || record.lacking !== undefined) return
    for (const line of rest) write(`${' '.repeat(14)}| ${line}`)
  }
}

interface Row {
  readonly done: PromiseWithResolvers<void>
  record: ComponentRecord
  task?: { title: string; skip(message: string): void }
}

/** Progress on a terminal: a list of all components that is redrawn as they change. */
class LiveProgress implements Progress {
  readonly #rows = new Map<string, Row>()
  #finished: Promise<unknown> | undefined
  #timer: NodeJS.Timeout | undefined
  #startedAt = 0

  update(state: StackState): void {
    this.#startedAt = Date.parse(state.startedAt)
    for (const record of everythingOf(state)) {
      const row = this.#rows.get(record.name)
      if (row === undefined) this.#rows.set(record.name, { done: Promise.withResolvers(), record })
      else row.record = record
    }
    if (this.#finished === undefined) this.#begin()
    for (const row of this.#rows.values()) this.#refresh(row)
  }

  /** Leaves the list as it stands and gives the terminal back. */
  async finish(): Promise<void> {
    clearInterval(this.#timer)
    for (const row of this.#rows.values()) {
      if (row.record.state !== 'ready' && row.record.state !== 'failed')
        row.task?.skip(title(row.record, this.#startedAt))
      row.done.resolve()
    }
    await this.#finished
  }

  #begin(): void {
    const tasks = [...this.#rows.values()].map(
      (row): ListrTask => ({
        title: title(row.record, this.#startedAt),
        task: (_context, task) => {
          row.task = task
          return row.done.promise
        },
      }),
    )
    const list = new Listr(tasks, {
      concurrent: true,
      exitOnError: false,
      // Ctrl-C is the command's to handle: it stops the kit in order
      registerSignalListeners: false,
      rendererOptions: { collapseErrors: false },
    })
    this.#finished = list.run()
    this.#timer = setInterval(() => {
      for (const row of this.#rows.values()) this.#refresh(row)
    }, REFRESH_MS)
  }

  #refresh(row: Row): void {
    if (row.task !== undefined) row.task.title = title(row.record, this.#startedAt)
    const { state } = row.record
    if (state === 'ready') row.done.resolve()
    if (state === 'failed') row.done.reject(new Error(inOneLine(row.record)))
  }
}

function title(record: ComponentRecord, startedAt: number): string {
  const since = Date.parse(record.since)
  // of what is ready: how long after the command; of what is not: how long it has been so
  const elapsed = record.state === 'ready' ? (since - startedAt) / 1000 : secondsSince(record.since)
  const detail = record.state === 'failed' ? '' : inOneLine(record)
  return `${nameAndState(record)} ${duration(elapsed).padStart(9)} ${detail}`.trimEnd()
}
