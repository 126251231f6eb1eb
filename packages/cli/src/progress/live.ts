import type { ComponentRecord, StackState } from '@faultline/runtime'
import { Listr, type ListrTask } from 'listr2'
import { duration, everythingOf, inOneLine, secondsSince } from '../format.ts'

const REFRESH_MS = 250
const NAME_WIDTH = 15
const STATE_WIDTH = 'unresponsive'.length

interface Row {
  readonly done: PromiseWithResolvers<void>
  record: ComponentRecord
  task?: { title: string; skip(message: string): void }
}

/** Progress on a terminal: a list of all components that is redrawn as they change. */
export class LiveProgress {
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
  return `${record.name.padEnd(NAME_WIDTH)} ${record.state.padEnd(STATE_WIDTH)} ${duration(elapsed).padStart(9)} ${detail}`.trimEnd()
}
