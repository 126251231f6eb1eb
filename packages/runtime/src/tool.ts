import type { BinaryName } from '@faultline/toolchain'
import type { Executable } from './component.ts'
import type { ComponentState } from './runtime.ts'

/** A binary that no component runs but load and tests need. */
export class Tool {
  readonly name: BinaryName
  readonly #onChange: () => void
  state: ComponentState = 'waiting'
  since = new Date()
  detail: string | undefined
  executable: Executable | undefined
  /** Why the machine cannot have it, as a short code such as `no-go`. */
  lacking: string | undefined

  constructor(name: BinaryName, onChange: () => void) {
    this.name = name
    this.#onChange = onChange
  }

  building(progress: string): void {
    this.#enter('building', progress)
  }

  resolved(executable: Executable): void {
    this.executable = executable
    this.#enter('ready', undefined)
  }

  unavailable(reason: string, lacking: string | undefined): void {
    this.lacking = lacking
    this.#enter('failed', reason)
  }

  #enter(state: ComponentState, detail: string | undefined): void {
    if (state !== this.state) this.since = new Date()
    this.state = state
    this.detail = detail
    this.#onChange()
  }
}
