import { EventEmitter, on } from 'node:events'
import type { BinaryName } from '@faultline/toolchain'
import type { Logger } from 'pino'
import { BinaryQueue, type BinaryUser, type ResolveBinary, Tool } from './binaries.ts'
import { isStuck, type StackDefinition, stopWaves, unmetDependencies } from './component.ts'
import { messageOf, StackError, wrongUse } from './errors.ts'
import { keepPrevious, rotateIfLarge } from './logs.ts'
import { ManagedComponent } from './managed-component.ts'
import { sendSignal } from './process.ts'
import type { RestartOverrides } from './runtime.ts'
import type { StateLayout } from './state/layout.ts'
import { type Milestones, type StackState, writeState } from './state/state-file.ts'

const LOG_CHECK_MS = 10_000

/** What of state.json does not change while the supervisor runs. */
type StateHeader = Pick<StackState, 'supervisor' | 'startedAt' | 'portOffset' | 'sloProfile'>

interface SupervisorOptions {
  readonly definition: StackDefinition
  readonly layout: StateLayout
  readonly header: StateHeader
  readonly resolveBinary: ResolveBinary
  /** Gets every change of a component. */
  readonly log: Logger
}

/** Runs the components of a stack definition: each starts as soon as its binary and its dependencies are there. */
export class Supervisor {
  readonly #components: ReadonlyMap<string, ManagedComponent>
  readonly #tools: ReadonlyMap<BinaryName, Tool>
  readonly #binaries: BinaryQueue
  readonly #stopWaves: ReadonlyMap<string, number>
  readonly #options: SupervisorOptions
  readonly #events = new EventEmitter<{ change: [StackState]; end: [] }>()
  readonly #milestones: Milestones = {}
  #settled = false
  #stopping: Promise<void> | undefined
  #logCheck: NodeJS.Timeout | undefined

  constructor(options: SupervisorOptions) {
    const { components, binaries } = options.definition
    this.#options = options
    this.#stopWaves = stopWaves(components)
    const onChange = (): void => this.#changed()
    this.#components = new Map(
      components.map((definition) => [
        definition.name,
        new ManagedComponent(definition, options.layout.logs, options.log, onChange),
      ]),
    )
    const used = new Set(components.map((definition) => definition.binary))
    this.#tools = new Map(
      binaries.filter((name) => !used.has(name)).map((name) => [name, new Tool(name, onChange)]),
    )
    this.#binaries = new BinaryQueue(options.resolveBinary, (name) => this.#usersOf(name))
  }

  /** Starts everything; progress and outcome come as changes. */
  start(): void {
    const { layout, definition } = this.#options
    for (const { name } of definition.components) keepPrevious(layout.logs, name)
    for (const name of definition.binaries) this.#binaries.add(name)
    this.#logCheck = setInterval(() => {
      for (const name of this.#components.keys()) rotateIfLarge(layout.logs, name)
    }, LOG_CHECK_MS)
    this.#changed()
  }

  snapshot(): StackState {
    const { header, layout, definition } = this.#options
    return {
      version: 1,
      ...header,
      socket: layout.socket,
      addresses: definition.addresses,
      phase: this.#phase(),
      components: [...this.#components.values()].map((component) =>
        component.record(this.#stopWaves.get(component.name) ?? 0),
      ),
      tools: [...this.#tools.values()].map((tool) => tool.record),
      milestones: { ...this.#milestones },
    }
  }

  /** The state now and after each change; ends when all is stopped. */
  async *changes(): AsyncGenerator<StackState, void> {
    const events = on(this.#events, 'change', { close: ['end'] })
    yield this.snapshot()
    for await (const [state] of events) yield state
  }

  /** Resolves when the component is ready. @throws StackError when it cannot become so */
  async startComponent(name: string): Promise<void> {
    const component = this.#component(name)
    this.#settled = false
    component.reset()
    this.#resolveMissing(component)
    await this.#untilReady(component)
  }

  async stopComponent(name: string): Promise<void> {
    await this.#component(name).stop()
  }

  async restartComponent(name: string, overrides: RestartOverrides): Promise<void> {
    const component = this.#component(name)
    this.#settled = false
    await component.restart(overrides)
    this.#resolveMissing(component)
    await this.#untilReady(component)
  }

  signalComponent(name: string, signal: NodeJS.Signals): void {
    const { child } = this.#component(name)
    if (child === undefined || !sendSignal(child.identity.pid, signal)) {
      throw new StackError(`${name} is not running, so it cannot get ${signal}`, 1)
    }
  }

  /** Stops everything, dependents before what they depend on. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll()
    return this.#stopping
  }

  async #stopAll(): Promise<void> {
    const last = Math.max(0, ...this.#stopWaves.values())
    for (let wave = 0; wave <= last; wave += 1) {
      const together = [...this.#components.values()].filter(({ name }) => this.#stopWaves.get(name) === wave)
      await Promise.all(together.map((component) => component.stop()))
    }
    await this.#binaries.close()
    clearInterval(this.#logCheck)
    this.#events.emit('end')
  }

  /** A binary that was not available when the kit started may be there now. */
  #resolveMissing({ definition, executable, life }: ManagedComponent): void {
    const { binary } = definition
    if (binary !== undefined && executable === undefined && life.state === 'waiting')
      this.#binaries.add(binary)
  }

  async #untilReady(component: ManagedComponent): Promise<void> {
    for await (const _ of this.changes()) {
      const { state } = component.life
      if (state === 'ready') return
      if (!this.#stuck(component.name)) continue
      throw new StackError(`${component.name} is ${state}: ${component.detail ?? 'no reason known'}`, 1)
    }
  }

  #component(name: string): ManagedComponent {
    const component = this.#components.get(name)
    if (component !== undefined) return component
    throw wrongUse(`there is no component "${name}"; there are ${[...this.#components.keys()].join(', ')}`)
  }

  #stuck(name: string): boolean {
    return isStuck(
      name,
      (known) => this.#component(known).definition,
      (known) => this.#component(known).life.state,
    )
  }

  #save(state: StackState): void {
    try {
      writeState(this.#options.layout.stateFile, state)
    } catch (error) {
      // a full disk must not end the supervisor: it goes on serving its state from memory
      this.#options.log.error({ error: messageOf(error) }, 'state.json cannot be written')
    }
  }

  /** Starts what can start now, then records and announces the state. */
  #changed(): void {
    if (this.#stopping === undefined) this.#startWhatCan()
    this.#recordMilestones()
    const state = this.snapshot()
    this.#save(state)
    this.#events.emit('change', state)
  }

  #startWhatCan(): void {
    for (const component of this.#components.values()) {
      if (component.life.state !== 'waiting') continue
      const unmet = unmetDependencies(component.definition, (name) => this.#component(name).life.state)
      if (component.executable === undefined) component.describe('waits for its binary')
      else if (unmet.length > 0) component.describe(`waits for ${unmet.join(', ')}`)
      else component.run()
    }
  }

  #phase(): StackState['phase'] {
    if (this.#stopping !== undefined) return 'stopping'
    const allReady = [...this.#components.values()].every(({ life }) => life.state === 'ready')
    // a tool that is not available is no reason to call what runs degraded: whoever needs it is told then
    if (allReady && this.#toolsSettled) return 'ready'
    return this.#settled ? 'degraded' : 'starting'
  }

  get #toolsSettled(): boolean {
    return [...this.#tools.values()].every(({ isSettled }) => isSettled)
  }

  #recordMilestones(): void {
    const ready = (name: string): boolean => this.#components.get(name)?.life.state === 'ready'
    const { shop, metrics } = this.#options.definition.milestones
    const elapsed = (Date.now() - Date.parse(this.#options.header.startedAt)) / 1000
    const settled =
      this.#toolsSettled &&
      [...this.#components.values()].every(
        // one that hangs has been started: that it no longer answers is trouble of what runs
        ({ name, life }) => ready(name) || life.state === 'unresponsive' || this.#stuck(name),
      )
    if (settled) this.#settled = true
    if (shop.every(ready)) this.#milestones.shopSeconds ??= elapsed
    if (metrics.every(ready)) this.#milestones.metricsSeconds ??= elapsed
    if (this.#phase() === 'ready') this.#milestones.everythingSeconds ??= elapsed
  }

  #usersOf(name: BinaryName): readonly BinaryUser[] {
    const tool = this.#tools.get(name)
    const components = [...this.#components.values()].filter(({ definition }) => definition.binary === name)
    return tool === undefined ? components : [...components, tool]
  }
}
