import type { ComponentRecord, StackState } from '@faultline/runtime'
import { duration, everythingOf, inOneLine } from '../format.ts'

const BUILD_LINE_INTERVAL_MS = 15_000
const NAME_WIDTH = 15
const STATE_WIDTH = 'unresponsive'.length

/** Progress where there is no terminal: one line for each change of a component, a build's progress now and then. */
export class LineProgress {
  readonly #write: (line: string) => void
  readonly #now: () => number
  readonly #fromNowOn: boolean
  readonly #seen = new Map<string, { state: string; at: number }>()

  /**
   * @param options.fromNowOn the first state is known already: only what changes after it is told
   * @param options.now milliseconds since the epoch
   */
  constructor(write: (line: string) => void, options: { fromNowOn?: boolean; now?: () => number } = {}) {
    this.#write = write
    this.#now = options.now ?? Date.now
    this.#fromNowOn = options.fromNowOn ?? false
  }

  update(state: StackState): void {
    const quiet = this.#seen.size === 0 && this.#fromNowOn
    for (const record of everythingOf(state)) {
      if (this.#isNews(record) && !quiet) this.#print(record, state.startedAt)
    }
  }

  #isNews(record: ComponentRecord): boolean {
    const seen = this.#seen.get(record.name)
    const now = this.#now()
    const changed = seen?.state !== record.state
    if (!changed && !(record.state === 'building' && now - (seen?.at ?? 0) >= BUILD_LINE_INTERVAL_MS))
      return false
    this.#seen.set(record.name, { state: record.state, at: now })
    // that a component waits is where all of them begin
    return !(seen === undefined && record.state === 'waiting')
  }

  #print(record: ComponentRecord, startedAt: string): void {
    const elapsed = duration((this.#now() - Date.parse(startedAt)) / 1000).padStart(9)
    const built = record.state === 'ready' && record.source === 'built' ? 'built' : ''
    const [first = '', ...rest] = (record.detail ?? '').split('\n')
    const reason = record.state === 'failed' ? first : inOneLine(record)
    this.#write(
      `[${elapsed}] ${record.name.padEnd(NAME_WIDTH)} ${record.state.padEnd(STATE_WIDTH)} ${reason || built}`.trimEnd(),
    )
    // what the machine lacks is said at the end, once for all that lack it
    if (record.state !== 'failed' || record.lacking !== undefined) return
    for (const line of rest) this.#write(`${' '.repeat(14)}| ${line}`)
  }
}
