import { join } from 'node:path'
import { readState, type StackState, stateLayout } from '@faultline/stack'
import { execa } from 'execa'

const CLI = join(import.meta.dirname, '..', '..', '..', 'packages', 'cli', 'bin', 'faultline.js')
/** Beside a kit that may be running on the usual ports. */
const PORT_OFFSET = 9_000

/** A kit of the benchmark's own: other ports, other state folder. */
export class Kit implements AsyncDisposable {
  readonly #stateDir: string

  constructor(stateDir: string) {
    this.#stateDir = stateDir
  }

  async up(): Promise<StackState> {
    await this.#run(['up', '--detach', '--port-offset', String(PORT_OFFSET)])
    return this.state()
  }

  async down(): Promise<void> {
    await this.#run(['down'])
  }

  /** Runs a load until it is done. */
  async load(scenario: string, duration: string): Promise<void> {
    await this.#run(['load', scenario, '--duration', duration])
  }

  async state(): Promise<StackState> {
    const state = await readState(stateLayout(this.#stateDir).stateFile)
    if (!state) throw new Error(`no kit runs from ${this.#stateDir}`)
    return state
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run(['down', '--volumes'])
  }

  async #run(args: readonly string[]): Promise<void> {
    await execa(process.execPath, [CLI, ...args], {
      env: { FAULTLINE_STATE_DIR: this.#stateDir },
      stdout: 'ignore',
      stderr: 'inherit',
    })
  }
}
