import type { ComponentRecord, StackState } from '@faultline/stack'
import { Listr, type ListrTask } from 'listr2'
import { duration, everythingOf, firstLine, secondsSince } from '../format.ts'

const REFRESH_MS = 250
const NAME_WIDTH = 15
const STATE_WIDTH = 8

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

  update(state: StackState): void {
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
      if (row.record.state !== 'ready' && row.record.state !== 'failed') row.task?.skip(title(row.record))
      row.done.resolve()
    }
    await this.#finished
  }

  #begin(): void {
    const tasks = [...this.#rows.values()].map(
      (row): ListrTask => ({
        title: title(row.record),
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
    if (row.task !== undefined) row.task.title = title(row.record)
    const { state } = row.record
    if (state === 'ready') row.done.resolve()
    if (state === 'failed') row.done.reject(new Error(row.record.detail ?? 'failed'))
  }
}

function title(record: ComponentRecord): string {
  const elapsed = record.state === 'ready' ? '' : duration(secondsSince(record.since)).padStart(9)
  const detail = record.state === 'failed' ? '' : firstLine(record.detail ?? '')
  return `${record.name.padEnd(NAME_WIDTH)} ${record.state.padEnd(STATE_WIDTH)} ${elapsed} ${detail}`.trimEnd()
}
