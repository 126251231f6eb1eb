import type { Runtime } from '@faultline/runtime'
import type { Fault } from '../drill.ts'
import { EnvironmentFailure } from '../errors.ts'
import type { Journal, UndoStep } from '../journal.ts'
import { setFlag } from './flags.ts'
import { runSql } from './sql.ts'
import { createToxiproxy } from './toxiproxy.ts'

/** Puts faults in and takes them out. */
export interface Injector {
  /** Each is in the journal before it is in the kit. */
  inject(faults: readonly Fault[], journal: Journal): Promise<void>
  /** Takes out what these put in, the last first. */
  undo(faults: readonly Fault[], journal: Journal): Promise<void>
  /** Takes steps, the last first; each is tried even when another fails. */
  take(steps: readonly UndoStep[]): Promise<void>
}

const toxicName = ({ type, stream = 'downstream' }: Extract<Fault, { kind: 'toxic' }>): string =>
  `drill_${type}_${stream}`

/** How a fault is undone. */
export function undoStepOf(fault: Fault): UndoStep {
  switch (fault.kind) {
    case 'toxic':
      return { kind: 'toxic', proxy: fault.proxy, toxic: toxicName(fault) }
    case 'sql':
      return { kind: 'sql', statements: [...fault.undo] }
    case 'signal':
      return fault.undo === undefined
        ? { kind: 'restart', component: fault.component }
        : { kind: 'signal', component: fault.component, signal: fault.undo }
    case 'flag':
      return { kind: 'flag', name: fault.name }
  }
}

export function createInjector(runtime: Runtime): Injector {
  const endpoints = runtime.endpoints('toxiproxy', 'postgres', 'nats')
  const toxiproxy = createToxiproxy(endpoints.toxiproxy)

  async function put(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'toxic': {
        const { proxy, type, stream = 'downstream', attributes } = fault
        return toxiproxy.add(proxy, { name: toxicName(fault), type, stream, attributes })
      }
      case 'sql':
        return runSql(endpoints.postgres, fault.inject)
      case 'signal':
        return runtime.signal(fault.component, fault.inject)
      case 'flag':
        return setFlag(endpoints.nats, fault.name, fault.value)
    }
  }

  async function takeOne(step: UndoStep): Promise<void> {
    switch (step.kind) {
      case 'toxic':
        return toxiproxy.remove(step.proxy, step.toxic)
      case 'sql':
        return runSql(endpoints.postgres, step.statements)
      case 'signal':
        return runtime.signal(step.component, step.signal as NodeJS.Signals)
      case 'restart':
        return runtime.restart(step.component)
      case 'flag':
        return setFlag(endpoints.nats, step.name, undefined)
    }
  }

  async function take(steps: readonly UndoStep[]): Promise<void> {
    const failures: unknown[] = []
    for (const step of steps.toReversed()) {
      await takeOne(step).catch((error: unknown) => failures.push(error))
    }
    if (failures.length === 0) return
    const reasons = failures.map((error) => (error instanceof Error ? error.message : String(error)))
    throw new EnvironmentFailure(`not everything could be undone: ${reasons.join('; ')}`)
  }

  return {
    take,
    async inject(faults, journal) {
      for (const fault of faults) {
        await journal.willDo(undoStepOf(fault))
        await put(fault)
      }
    },
    async undo(faults, journal) {
      const steps = faults.map(undoStepOf)
      await take(steps)
      await journal.undone(...steps)
    },
  }
}
