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
import type { ComponentRecord } from './state/state-file.ts'

export type ResolveBinary = (name: BinaryName, options: ResolveOptions) => Promise<ResolvedBinary>

/** Who waits for a binary: a component that runs it, or a {@link Tool}. */
export interface BinaryUser {
  /** Not there yet: it is being built. Called again with each step of the build. */
  building(progress: string): void
  built(binary: Executable): void
  /** It is not available; `lacking` is set when the machine lacks something, not when the kit is at fault. */
  unavailable(reason: string, lacking: string | undefined): void
}

/** Resolves binaries one at a time in the order asked for: two builds at once make both late. */
export class BinaryQueue {
  readonly #queue = new PQueue({ concurrency: 1 })
  readonly #abort = new AbortController()
  readonly #resolve: ResolveBinary
  readonly #usersOf: (name: BinaryName) => readonly BinaryUser[]

  constructor(resolve: ResolveBinary, usersOf: (name: BinaryName) => readonly BinaryUser[]) {
    this.#resolve = resolve
    this.#usersOf = usersOf
  }

  /** Asks for a binary; its users hear of the outcome. */
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
    const tell = (what: (user: BinaryUser) => void): void => this.#usersOf(name).forEach(what)
    const onProgress = (progress: BuildProgress): void => {
      if (!signal.aborted) tell((user) => user.building(describeBuild(progress)))
    }
    try {
      const binary = await this.#resolve(name, { onProgress, signal })
      tell((user) => user.built(binary))
    } catch (error) {
      if (signal.aborted) return
      const lacking = error instanceof BinaryUnavailableError ? error.reason : undefined
      tell((user) => user.unavailable(messageOf(error), lacking))
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
export class Tool implements BinaryUser {
  readonly #onChange: () => void
  #record: ComponentRecord

  constructor(name: BinaryName, onChange: () => void) {
    this.#onChange = onChange
    this.#record = {
      name,
      kind: 'tool',
      state: 'waiting',
      since: new Date().toISOString(),
      restarts: 0,
      ports: [],
      stopWave: 0,
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 0,
    }
  }

  /** What state.json says of it. */
  get record(): ComponentRecord {
    return this.#record
  }

  get isSettled(): boolean {
    return this.#record.state === 'ready' || this.#record.state === 'failed'
  }

  building(detail: string): void {
    this.#change({ state: 'building', detail })
  }

  built({ path, version, source }: Executable): void {
    this.#change({ state: 'ready', detail: undefined, binary: path, version, source })
  }

  unavailable(detail: string, lacking: string | undefined): void {
    this.#change({ state: 'failed', detail, lacking })
  }

  #change(change: Partial<ComponentRecord>): void {
    const since = change.state === this.#record.state ? this.#record.since : new Date().toISOString()
    this.#record = { ...this.#record, since, ...change }
    this.#onChange()
  }
}
