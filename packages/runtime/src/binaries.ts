import {
  type BinaryName,
  BinaryUnavailableError,
  type BuildProgress,
  type ResolvedBinary,
  type ResolveOptions,
} from '@faultline/toolchain'
import PQueue from 'p-queue'
import type { Executable } from './component.ts'
import { messageOf } from './errors.ts'
import type { ComponentState } from './runtime.ts'
import type { ComponentRecord } from './state/state-file.ts'

export type ResolveBinary = (name: BinaryName, options: ResolveOptions) => Promise<ResolvedBinary>

export interface BinaryEvents {
  /** Not there yet: it is being built. Called again with each step of the build. */
  building(name: BinaryName, progress: string): void
  resolved(binary: ResolvedBinary): void
  /** It cannot be had; `lacking` is set when that is for something that the machine lacks, not for a fault of the kit. */
  unavailable(name: BinaryName, reason: string, lacking: string | undefined): void
}

/** Resolves binaries one at a time in the order asked for: two builds at once make both late. */
export class BinaryQueue {
  readonly #queue = new PQueue({ concurrency: 1 })
  readonly #abort = new AbortController()
  readonly #resolve: ResolveBinary
  readonly #events: BinaryEvents

  constructor(resolve: ResolveBinary, events: BinaryEvents) {
    this.#resolve = resolve
    this.#events = events
  }

  /** Asks for a binary; its outcome comes as an event. */
  add(name: BinaryName): void {
    // the task handles its own failures, so the queue's promise tells nothing new
    void this.#queue.add(() => this.#resolveOne(name))
  }

  /** Ends the running build and forgets those that wait; resolves when nothing runs any more. */
  async close(): Promise<void> {
    this.#queue.clear()
    this.#abort.abort(new Error('the kit stops'))
    await this.#queue.onIdle()
  }

  async #resolveOne(name: BinaryName): Promise<void> {
    const { signal } = this.#abort
    const onProgress = (progress: BuildProgress): void => {
      if (!signal.aborted) this.#events.building(name, describeBuild(progress))
    }
    try {
      this.#events.resolved(await this.#resolve(name, { onProgress, signal }))
    } catch (error) {
      if (signal.aborted) return
      const lacking = error instanceof BinaryUnavailableError ? error.reason : undefined
      this.#events.unavailable(name, messageOf(error), lacking)
    }
  }
}

const seconds = (value: number): string => `${Math.round(value)} s`

/** What a build is doing, in one short line. */
export function describeBuild(progress: BuildProgress): string {
  switch (progress.phase) {
    case 'waiting':
      return 'another build runs first'
    case 'started':
      return `about ${seconds(progress.expectedSeconds)} on two idle cores`
    case 'downloading':
      return `${progress.modules} modules downloaded`
    case 'compiling':
      return [
        `${Math.round(progress.share * 100)} %`,
        `${progress.compiledPackages} of ${progress.totalPackages} packages`,
        `${seconds(progress.elapsedSeconds)} of about ${seconds(progress.expectedSeconds)}`,
      ].join(', ')
    case 'done':
      return `built in ${seconds(progress.elapsedSeconds)}`
  }
}

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
