import { setTimeout as delay } from 'node:timers/promises'
import type { LoadResult } from '@faultline/runtime'
import { drillClock } from '@faultline/slo'
import {
  type AssessedEvidence,
  assessCause,
  assessCure,
  assessEvidence,
  assessRecovery,
  assessRedHerrings,
  assessServed,
  windowsOf,
} from './assess.ts'
import { blastRadius } from './blast-radius.ts'
import { createContext, type DrillContext, type DrillOptions } from './context.ts'
import { DrillRunning, EnvironmentFailure } from './errors.ts'
import { failuresOf } from './failures.ts'
import { isRunning, Journal, readJournal } from './journal.ts'
import { undoLeftover } from './leftovers.ts'
import { checkLoad } from './load.ts'
import { baseline, cure, fault, type RecoveryTimes, recovery } from './phases.ts'
import { untilAlone, untilNothingPages } from './quiet.ts'
import { budgetUsed, pagesOf, targetOf } from './sli.ts'
import type { Outcome, Phase, Verdict } from './verdict.ts'

/** Longer than any drill; it is ended when the drill is. */
const LOAD_DURATION = '10m'

export interface DrillResult {
  readonly verdict: Verdict
  readonly evidence: readonly AssessedEvidence[]
}

interface Phases {
  readonly baseline: Phase
  readonly fault: Phase
  readonly recovery?: RecoveryTimes
  readonly cure?: Phase
}

/**
 * Runs a drill to its verdict. Whatever happens, what it did to the kit is undone before this settles.
 * @throws EnvironmentFailure when the surroundings failed, so that there is no verdict
 * @throws DrillRunning when another one runs
 */
export async function runDrill(options: DrillOptions): Promise<DrillResult> {
  const { runtime, stateDir, drill } = options
  const found = await readJournal(stateDir)
  if (found !== undefined && isRunning(found))
    throw new DrillRunning(`the drill ${found.drill} is running here`)
  const left = await undoLeftover(runtime, stateDir)
  if (left !== undefined)
    options.onProgress?.({ kind: 'event', text: `undid what the drill ${left.drill} had left` })
  await checkReady(options)

  const startedMs = Date.now()
  const loadEnded = new AbortController()
  const journal = await Journal.begin(stateDir, drill.name)
  const context = createContext(options, journal, AbortSignal.any([options.signal, loadEnded.signal]))
  let kept = false
  try {
    context.tell({ kind: 'phase', phase: 'preparation', text: 'waiting until nothing pages' })
    await untilNothingPages(context)
    await untilAlone(context)
    await context.injector.inject(drill.protection.without, journal)
    const { phases, load } = await underLoad(context, loadEnded)
    const result = await assess(context, phases, load, startedMs)
    kept = context.keep && context.fault
    return result
  } finally {
    if (kept) {
      await journal.keep()
    } else {
      await context.injector.take(journal.open)
      await journal.end()
    }
  }
}

async function checkReady({ runtime }: DrillOptions): Promise<void> {
  const unready = (await runtime.status()).filter(({ state }) => state !== 'ready')
  if (unready.length === 0) return
  const names = unready.map(({ name, state }) => `${name} is ${state}`).join(', ')
  throw new EnvironmentFailure(`the kit is not ready: ${names}`)
}

/** Runs the phases while k6 runs, and k6 while they do. */
async function underLoad(
  context: DrillContext,
  loadEnded: AbortController,
): Promise<{ phases: Phases; load: LoadResult }> {
  const { drill, runtime } = context
  const stop = new AbortController()
  let over = false
  const load = runtime
    .runLoad(drill.load.scenario, { rate: drill.load.rate, duration: LOAD_DURATION, signal: stop.signal })
    .finally(() => {
      if (!over) loadEnded.abort(new EnvironmentFailure('k6 ended before the drill; its log: logs/k6.log'))
    })
  // looked at below; until then its failure ends the phases
  load.catch(() => undefined)
  try {
    const phases = await runPhases(context)
    // what is on its way to the backends arrives meanwhile, profiles last
    await delay(drillClock.profileMs, undefined, { signal: context.signal })
    over = true
    stop.abort()
    return { phases, load: await load }
  } finally {
    over = true
    stop.abort()
    await load.catch(() => undefined)
  }
}

async function runPhases(context: DrillContext): Promise<Phases> {
  const before = await baseline(context)
  const during = await fault(context, before)
  if (!context.fault || context.keep) return { baseline: before, fault: during }
  const after = await recovery(context, before)
  return { baseline: before, fault: during, recovery: after, cure: await cure(context) }
}

async function assess(
  context: DrillContext,
  phases: Phases,
  load: LoadResult,
  startedMs: number,
): Promise<DrillResult> {
  const { drill, backends, pager } = context
  context.tell({ kind: 'phase', phase: 'report', text: 'asking the backends once more' })
  const windows = windowsOf(phases.baseline, phases.fault, phases.recovery?.phase)
  const evidence: AssessedEvidence[] = []
  for (const one of drill.evidence) evidence.push(await assessEvidence(context, one, windows))
  const offered = checkLoad(load)
  const endMs = phases.cure?.endMs ?? phases.recovery?.phase.endMs ?? phases.fault.endMs
  // a ticket that was open before is none of this drill
  const alerts = (await pager.since(startedMs)).filter(
    ({ firedAtMs }) => firedAtMs >= startedMs && firedAtMs <= endMs,
  )
  const page = alerts
    .filter(({ alert, firedAtMs }) => pagesOf(drill).includes(alert) && firedAtMs >= phases.fault.startMs)
    .toSorted((a, b) => a.firedAtMs - b.firedAtMs)[0]
  const seen = await assessCause(context, phases.fault)
  const incident = {
    startMs: phases.fault.startMs,
    endMs: phases.recovery?.phase.endMs ?? phases.fault.endMs,
  }
  const judged = {
    drill: drill.name,
    title: drill.title,
    control: !context.fault,
    startedAt: new Date(startedMs).toISOString(),
    phases: [phases.baseline, phases.fault, phases.recovery?.phase, phases.cure].filter(
      (phase) => phase !== undefined,
    ),
    page,
    alerts,
    timeToPageSeconds: page === undefined ? undefined : (page.firedAtMs - phases.fault.startMs) / 1000,
    budget: await budgetUsed(backends, drill, incident),
    servedBefore: await assessServed(context, phases.baseline),
    evidence: evidence.map(({ verdict }) => verdict),
    cause: seen === undefined ? undefined : { ...seen, statement: drill.cause.statement },
    redHerrings: await assessRedHerrings(context, phases.fault),
    blastRadius: await blastRadius(backends, phases.fault, phases.baseline),
    recovery: phases.recovery === undefined ? undefined : await assessRecovery(context, phases.recovery),
    cure: phases.cure === undefined ? undefined : await assessCure(context, phases.cure),
    load: offered,
  }
  const failures = failuresOf(judged, targetOf(drill))
  const outcome: Outcome = failures.length > 0 ? 'failed' : context.keep ? 'cut-short' : 'passed'
  const durationSeconds = (Date.now() - startedMs) / 1000
  return { verdict: { ...judged, outcome, failures, durationSeconds }, evidence }
}
