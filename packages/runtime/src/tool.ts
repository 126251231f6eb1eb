import type { BinaryName } from '@faultline/toolchain'
import type { Executable } from './component.ts'
import type { ComponentState } from './runtime.ts'
import type { ComponentRecord } from './state/state-file.ts'

/** A binary that no component runs but load and tests need. */
export class Tool {
  readonly #name: BinaryName
  readonly #onChange: () => void
  #state: ComponentState = 'waiting'
  #since = new Date()
  #detail: string | undefined
  #executable: Executable | undefined
  #lacking: string | undefined

  constructor(name: BinaryName, onChange: () => void) {
    this.#name = name
    this.#onChange = onChange
  }

  get isSettled(): boolean {
    return this.#state === 'ready' || this.#state === 'failed'
  }

  building(progress: string): void {
    this.#enter('building', progress)
  }

  built(executable: Executable): void {
    this.#executable = executable
    this.#enter('ready', undefined)
  }

  unavailable(reason: string, lacking: string | undefined): void {
    this.#lacking = lacking
    this.#enter('failed', reason)
  }

  /** What state.json says of it. */
  record(): ComponentRecord {
    return {
      name: this.#name,
      kind: 'tool',
      state: this.#state,
      since: this.#since.toISOString(),
      restarts: 0,
      detail: this.#detail,
      lacking: this.#lacking,
      version: this.#executable?.version,
      binary: this.#executable?.path,
      source: this.#executable?.source,
      ports: [],
      stopWave: 0,
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 0,
    }
  }

  #enter(state: ComponentState, detail: string | undefined): void {
    if (state !== this.#state) this.#since = new Date()
    this.#state = state
    this.#detail = detail
    this.#onChange()
  }
}
