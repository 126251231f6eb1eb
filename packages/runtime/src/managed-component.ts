import { setTimeout as delay } from 'node:timers/promises'
import PQueue from 'p-queue'
import type { Logger } from 'pino'
import type { BinaryUser } from './binaries.ts'
import type { Command, ComponentDefinition, Executable } from './component.ts'
import { messageOf } from './errors.ts'
import {
  advance,
  DEFAULT_RESTART_POLICY,
  INITIAL,
  isGivenUp,
  type Lifecycle,
  type LifecycleEvent,
  type RestartPolicy,
} from './lifecycle.ts'
import { lastWords, logFile, sizeOf } from './logs.ts'
import { liveness, waitUntilReady } from './probe.ts'
import { baseEnvironment, type Child, spawnChild, terminate } from './process.ts'
import type { ComponentState, RestartOverrides } from './runtime.ts'
import type { ComponentRecord } from './state/state-file.ts'

const DETAIL_LINES = 3
const TROUBLE: readonly ComponentState[] = ['unresponsive', 'backoff', 'failed']

/** One component under supervision: starts its process, probes it, starts it again when it ends by itself or hangs. */
export class ManagedComponent implements BinaryUser {
  readonly definition: ComponentDefinition
  readonly #policy: RestartPolicy
  readonly #logs: string
  readonly #onChange: () => void
  readonly #log: Logger
  #life: Lifecycle = INITIAL
  #since = new Date()
  #detail: string | undefined
  #executable: Executable | undefined
  #child: Child | undefined
  #overrides: RestartOverrides = {}
  /** What the machine lacks for it, as a short code such as `no-go`. */
  #lacking: string | undefined
  /** Aborted when the current try, with its probe and its wait before the next one, is called off. */
  #attempt = new AbortController()
  #run: Promise<void> = Promise.resolve()
  /** Where the log of the current try begins, in bytes. */
  #logStart = 0
  /** One after the other: two restarts at once must not wait for each other's process. */
  readonly #operations = new PQueue({ concurrency: 1 })

  constructor(definition: ComponentDefinition, logs: string, log: Logger, onChange: () => void) {
    this.definition = definition
    this.#policy = definition.restartPolicy ?? DEFAULT_RESTART_POLICY
    this.#executable = definition.executable
    this.#logs = logs
    this.#log = log.child({ component: definition.name })
    this.#onChange = onChange
  }

  get name(): string {
    return this.definition.name
  }

  get life(): Lifecycle {
    return this.#life
  }

  get detail(): string | undefined {
    return this.#detail
  }

  get executable(): Executable | undefined {
    return this.#executable
  }

  get child(): Child | undefined {
    return this.#child
  }

  /** What state.json says of it. */
  record(stopWave: number): ComponentRecord {
    const { name, kind, ports, stop } = this.definition
    const { state, restarts } = this.#life
    return {
      name,
      kind,
      state,
      process: this.#child?.identity,
      since: this.#since.toISOString(),
      restarts,
      detail: this.#detail,
      lacking: this.#lacking,
      version: this.#executable?.version,
      binary: this.#executable?.path,
      source: this.#executable?.source,
      ports: ports.map(({ port }) => port),
      stopWave,
      stopSignal: stop.signal,
      stopTimeoutMs: stop.timeoutMs,
    }
  }

  /** Says what is going on within a state (build progress, what it waits for). */
  describe(detail: string | undefined): void {
    if (this.#detail === detail) return
    this.#detail = detail
    this.#onChange()
  }

  building(progress: string): void {
    this.#advance({ type: 'building' })
    if (this.#life.state === 'building') this.describe(progress)
  }

  built(executable: Executable): void {
    this.#executable = executable
    this.#advance({ type: 'built' })
    // a binary that was there already changes no state, but may be what the component waited for
    this.#onChange()
  }

  unavailable(reason: string, lacking: string | undefined): void {
    this.#lacking = lacking
    this.#advance({ type: 'unavailable' }, reason)
  }

  /** Starts it and keeps it running until `stop`. */
  run(): void {
    const attempt = new AbortController()
    this.#attempt = attempt
    this.#run = this.#keepRunning(attempt.signal)
  }

  async #keepRunning(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if ((await this.#tryOnce(signal)) === 'done') return
      const { state, retryInMs } = this.#life
      if (state !== 'backoff' || retryInMs === undefined) return
      await delay(retryInMs, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Ends the process and keeps it ended. */
  stop(): Promise<void> {
    return this.#operations.add(() => this.#stop())
  }

  /** Ends the process and starts it as soon as it can, with other overrides. */
  restart(overrides: RestartOverrides): Promise<void> {
    return this.#operations.add(async () => {
      await this.#stop()
      this.#overrides = overrides
      this.reset()
    })
  }

  /** Back to `waiting` after `stop`, a failure or during backoff; nothing otherwise. */
  reset(): void {
    if (this.#life.state === 'backoff') this.#attempt.abort()
    this.#lacking = undefined
    this.#advance({ type: 'start' })
  }

  async #stop(): Promise<void> {
    this.#attempt.abort()
    const child = this.#child
    if (child !== undefined) {
      this.describe('stopping')
      await terminate(child.identity, this.definition.stop)
      await child.ended
    }
    await this.#run
    // preparation may have been past its last look at the signal
    if (this.#child !== undefined) await terminate(this.#child.identity, this.definition.stop)
    this.#child = undefined
    this.#advance({ type: 'stop' })
  }

  /** One try from preparation to the end of the process. */
  async #tryOnce(signal: AbortSignal): Promise<'done' | 'ended'> {
    this.#advance({ type: 'starting' })
    try {
      await this.definition.prepare?.(signal)
      if (signal.aborted) return 'done'
      const log = logFile(this.#logs, this.name)
      this.#logStart = sizeOf(log)
      const child = await spawnChild(this.#command(), log)
      this.#child = child
      this.#onChange()
      const failure = await this.#untilReady(child, signal)
      if (signal.aborted) return 'done'
      if (failure !== undefined) return await this.#ended(failure, 0)
      this.#advance({ type: 'ready' })
      if (this.definition.kind === 'task') return 'done'
      const readyAt = performance.now()
      const reason = await this.#untilEnded(child, signal)
      const { silentMs = 0 } = this.#life
      return signal.aborted ? 'done' : await this.#ended(reason, performance.now() - readyAt - silentMs)
    } catch (error) {
      return signal.aborted ? 'done' : await this.#ended(messageOf(error), 0)
    }
  }

  /** Waits for the probe (of a task: for its end). Returns why it is not ready, or nothing when it is. */
  async #untilReady(child: Child, signal: AbortSignal): Promise<string | undefined> {
    const { kind, ready, readyTimeoutMs } = this.definition
    const over = AbortSignal.any([signal, AbortSignal.timeout(readyTimeoutMs)])
    if (kind === 'task') return this.#untilTaskEnds(child, over)
    if (ready === undefined) return undefined
    const ended = new AbortController()
    void child.ended.then(() => ended.abort())
    try {
      await waitUntilReady(ready, AbortSignal.any([over, ended.signal]))
    } catch (error) {
      if (!ended.signal.aborted) {
        if (!signal.aborted) await terminate(child.identity, this.definition.stop)
        return `not ready within ${readyTimeoutMs / 1000} s: ${messageOf(error)}`
      }
    }
    // whoever answered was not this process when it has already ended
    return ended.signal.aborted ? (await child.ended).description : undefined
  }

  async #untilTaskEnds(child: Child, signal: AbortSignal): Promise<string | undefined> {
    const outcome = await Promise.race([child.ended, aborted(signal)])
    if (outcome === undefined) {
      await terminate(child.identity, this.definition.stop)
      return `not done within ${this.definition.readyTimeoutMs / 1000} s`
    }
    this.#child = undefined
    return outcome.exitCode === 0 ? undefined : outcome.description
  }

  /** Watches over what is ready until its process ends. Returns how, or why it was terminated. */
  async #untilEnded(child: Child, signal: AbortSignal): Promise<string> {
    const over = new AbortController()
    const watch = this.#terminateIfItHangs(child, AbortSignal.any([signal, over.signal]))
    const { description } = await child.ended
    over.abort()
    return (await watch) ?? description
  }

  /** Returns, once it has terminated it, why; nothing when the signal is aborted before. */
  async #terminateIfItHangs(child: Child, signal: AbortSignal): Promise<string | undefined> {
    const { ready, stop } = this.definition
    if (ready === undefined) return undefined
    let lastAnswer = new Date()
    for await (const silence of liveness(ready, signal)) {
      if (silence === undefined) {
        lastAnswer = new Date()
        this.#advance({ type: 'answered' })
        continue
      }
      const detail = `has not answered since ${timeOfDay(lastAnswer)}: ${silence.reason}`
      this.#advance({ type: 'silent', forMs: silence.forMs }, detail)
      if (this.#life.state === 'unresponsive') this.describe(detail)
      if (!isGivenUp(this.#life, this.#policy)) continue
      await terminate(child.identity, stop)
      return `${detail}; it was terminated`
    }
    return undefined
  }

  async #ended(reason: string, readyForMs: number): Promise<'ended'> {
    this.#child = undefined
    const tail = await lastWords(logFile(this.#logs, this.name), DETAIL_LINES, this.#logStart)
    this.#advance({ type: 'ended', readyForMs }, [reason, ...tail].join('\n'))
    return 'ended'
  }

  #command(): Command {
    if (this.#executable === undefined) throw new Error(`${this.name} has no executable yet`)
    const command = this.definition.command(this.#executable)
    return {
      ...command,
      args: [...command.args, ...(this.#overrides.args ?? [])],
      env: { ...baseEnvironment(), ...command.env, ...this.#overrides.env },
    }
  }

  #advance(event: LifecycleEvent, detail?: string): void {
    const { state } = this.#life
    const next = advance(this.#life, event, this.#policy)
    this.#life = next
    if (next.state === state) return
    this.#since = new Date()
    this.#detail = detail
    const level = TROUBLE.includes(next.state) ? 'warn' : 'info'
    this.#log[level]({ state: next.state, restarts: next.restarts, detail }, 'component changed')
    this.#onChange()
  }
}

/** `14:03:07`, in the machine's time zone. */
const timeOfDay = (date: Date): string => date.toTimeString().slice(0, 8)

function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}
