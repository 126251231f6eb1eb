import { setTimeout as delay } from 'node:timers/promises'
import { drillClock } from '@faultline/slo'
import { announce } from './announce.ts'
import type { DrillContext } from './context.ts'
import type { Fault } from './drill.ts'
import { ask } from './evidence/ask.ts'
import { evaluate, type Window } from './evidence/judge.ts'
import { badRatio, budgetOf, ownPages } from './sli.ts'
import type { Phase, PhaseName } from './verdict.ts'
import { pollUntil, untilNothingPages } from './wait.ts'

/** How often the backends are asked while a phase runs, in ms: they share the machine with what they watch. */
const POLL_MS = 3000
/** k6 starts, connections open, caches fill, alerts look back: not part of the baseline. */
const WARM_UP_MS = 10_000
/** Rates look back this far, and were sampled an interval ago: for so long after a change they mix before and after. */
export const SETTLE_MS = drillClock.shortWindowMs + drillClock.intervalMs

/** The end of a recovery, over which it is judged whether the signals have returned. */
export const recoveredWindow = (endMs: number): Window => ({ startMs: endMs - SETTLE_MS, endMs })

export async function baseline(context: DrillContext): Promise<Phase> {
  const startedMs = Date.now()
  await delay(WARM_UP_MS, undefined, { signal: context.signal })
  // the first requests of a cold kit are slow: what they set off is over before the baseline
  await untilNothingPages(context, startedMs)
  return phase(context, 'baseline', 'load, no fault', async () => {
    await delay(context.drill.seconds.baseline * 1000, undefined, { signal: context.signal })
  })
}

/** Goes on until the page has arrived and all evidence is there, or until it has lasted long enough. */
export async function fault(context: DrillContext): Promise<Phase> {
  const { drill, injector, journal, signal, tell } = context
  const faults: readonly Fault[] = context.fault ? drill.faults : []
  const text = context.fault ? 'same load, the fault is in' : 'same load, no fault (control)'
  return phase(context, 'fault', text, async (startMs) => {
    await injector.inject(faults, journal)
    const leastMs = drill.seconds.fault * 1000
    const mostMs = context.fault ? drill.seconds.faultAtMost * 1000 : leastMs
    let paged = false
    const met = new Set<string>()
    await pollUntil(
      async () => {
        if (!paged) {
          const page = (await ownPages(context, startMs)).find(({ firedAtMs }) => firedAtMs >= startMs)
          paged = page !== undefined
          if (page)
            tell({ kind: 'event', text: `${page.alert} paged after ${seconds(page.firedAtMs - startMs)}` })
        }
        const window = { startMs, endMs: Date.now() }
        const open = drill.evidence.filter(({ id }) => !met.has(id))
        for (const evidence of open) {
          if (evaluate(evidence, await ask(context.backends, evidence, window)).met) met.add(evidence.id)
        }
        const still = open.filter(({ id }) => !met.has(id)).map(({ id }) => id)
        tell({ kind: 'evidence', met: [...met], open: still })
        return paged && still.length === 0 && Date.now() - startMs >= leastMs
      },
      { intervalMs: POLL_MS, deadlineMs: startMs + mostMs, signal },
    )
  })
}

/** Moments of a recovery that no later query can find out. */
export interface RecoveryTimes {
  readonly phase: Phase
  /** When the fault was gone. */
  readonly undoneMs: number
  /** When the protection was switched on, of a failure that does not end by itself. */
  readonly protectedMs: number | undefined
}

/** Goes on until nothing of the fault is left, or until it has lasted long enough. */
export async function recovery(context: DrillContext): Promise<RecoveryTimes> {
  const { drill, injector, journal, signal, tell } = context
  let undoneMs = 0
  let protectedMs: number | undefined
  const done = await phase(context, 'recovery', 'the fault is taken out', async () => {
    await injector.undo(drill.faults, journal)
    undoneMs = Date.now()
    if (drill.recovery.kind === 'metastable') {
      tell({
        kind: 'event',
        text: `the fault is gone; nothing is done for ${drill.recovery.staysBadSeconds} s`,
      })
      await delay(drill.recovery.staysBadSeconds * 1000, undefined, { signal })
      await injector.undo(drill.protection.without, journal)
      protectedMs = Date.now()
      tell({ kind: 'event', text: `switched on: ${drill.protection.title}` })
    }
    const sinceMs = protectedMs ?? undoneMs
    await pollUntil(() => recovered(context, sinceMs), {
      intervalMs: POLL_MS,
      deadlineMs: sinceMs + drill.seconds.recoveryAtMost * 1000,
      signal,
    })
  })
  return { phase: done, undoneMs, protectedMs }
}

/** Nothing pages, and over the last moments the objective held and no evidence was there. */
async function recovered(context: DrillContext, sinceMs: number): Promise<boolean> {
  const { drill, backends } = context
  const now = Date.now()
  const window = recoveredWindow(now)
  // a look back on the fault itself says nothing
  if (window.startMs < sinceMs) return false
  const pages = await ownPages(context, now)
  if (pages.some(({ resolvedAtMs }) => resolvedAtMs === undefined)) return false
  const last = await badRatio(backends, drill, window)
  if (last.length === 0 || last.some(({ value }) => value > budgetOf(drill))) return false
  for (const evidence of drill.evidence) {
    if (evaluate(evidence, await ask(backends, evidence, window)).met) return false
  }
  return true
}

/** The same load and the same fault with the protection on. */
export async function cure(context: DrillContext): Promise<Phase> {
  const { drill, injector, journal, signal } = context
  return phase(context, 'cure', `same load, same fault; ${drill.protection.title}`, async () => {
    const still = drill.protection.without.filter(({ name }) =>
      journal.open.some((step) => 'name' in step && step.name === name),
    )
    await injector.undo(still, journal)
    await injector.inject(drill.faults, journal)
    await delay(drill.seconds.cure * 1000, undefined, { signal })
    await injector.undo(drill.faults, journal)
  })
}

async function phase(
  { drill, journal, tell, endpoints }: DrillContext,
  name: PhaseName,
  text: string,
  work: (startMs: number) => Promise<void>,
): Promise<Phase> {
  await journal.enter(name)
  tell({ kind: 'phase', phase: name, text })
  await announce(endpoints, { drill: drill.name, phase: name, text: `drill ${drill.name}: ${name}, ${text}` })
  const startMs = Date.now()
  await work(startMs)
  return { name, startMs, endMs: Date.now() }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
