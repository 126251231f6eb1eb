import { setTimeout as delay } from 'node:timers/promises'
import type { LoadResult } from '@faultline/runtime'
import { drillClock } from '@faultline/slo'
import { assess, type DrillResult, type Phases } from './assess.ts'
import { createContext, type DrillContext, type DrillOptions } from './context.ts'
import { EnvironmentFailure } from './environment.ts'
import { undoLeftover } from './faults.ts'
import { isRunning, Journal, readJournal } from './journal.ts'
import { baseline, cure, fault, recovery } from './phases.ts'
import { untilAlone, untilNothingPages } from './wait.ts'

/** Another drill runs in this state folder. */
export class DrillRunning extends Error {
  override readonly name = 'DrillRunning'
}

/** Longer than any drill; it is ended when the drill is. */
const LOAD_DURATION = '10m'

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
    options.onProgress({ kind: 'event', text: `undid what the drill ${left.drill} had left` })
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
  const first = { baseline: await baseline(context), fault: await fault(context) }
  if (!context.fault || context.keep) return first
  return { ...first, recovery: await recovery(context), cure: await cure(context) }
}
