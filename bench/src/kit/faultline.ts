import { join } from 'node:path'
import { ExitCode, readState, type StackState, stateLayout } from '@faultline/runtime'
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

  /** Runs a load until it is done. A threshold that fails on a busy machine does not matter here. */
  async load(scenario: string, duration: string): Promise<void> {
    await this.#run(['load', scenario, '--duration', duration], [0, ExitCode.checkFailed])
  }

  async state(): Promise<StackState> {
    const state = await readState(stateLayout(this.#stateDir).stateFile)
    if (!state) throw new Error(`no kit runs from ${this.#stateDir}`)
    return state
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run(['down', '--volumes'])
  }

  async #run(args: readonly string[], accepted: readonly number[] = [0]): Promise<void> {
    const { exitCode } = await execa(process.execPath, [CLI, ...args], {
      env: { FAULTLINE_STATE_DIR: this.#stateDir },
      stdout: 'ignore',
      stderr: 'inherit',
      reject: false,
    })
    if (exitCode === undefined || !accepted.includes(exitCode))
      throw new Error(`faultline ${args.join(' ')} ended with exit code ${exitCode}`)
  }
}
