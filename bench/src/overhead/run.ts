import { describeMachine, publish } from '../results.ts'
import { measureExemplarCost } from './exemplar-cost.ts'
import { type Addresses, type Gateway, startGateway, startSurroundings } from './gateway.ts'
import { load, measure, measureStarts, type Sample } from './measure.ts'
import { exemplarTable, overheadTable, processTable, type Samples, verdict } from './report.ts'
import {
  ENGINE_BEFORE,
  engineBefore,
  FAULTLINE,
  installStock,
  OFF,
  SDK_PROCESSORS,
  SINGLE_SIGNALS,
  STOCK,
  STOCK_WITHOUT_KOA,
  unpackEngine,
  untilReceived,
  type Variant,
} from './variants.ts'

export interface OverheadOptions {
  /** Interleaved measurements of each variant. */
  readonly slices: number
  /** Length of one measurement, in seconds. */
  readonly seconds: number
  /** Starts of each variant that are timed. */
  readonly starts: number
  /** Also each signal of the package alone. */
  readonly signals: boolean
}

/** Enough for the interval to tell apart what the gates do; a run of fewer slices is a trial. */
export const overheadDefaults: OverheadOptions = { slices: 40, seconds: 5, starts: 15, signals: false }

const WARM_UP_SECONDS = 5

/**
 * What instrumentation costs on the gateway's catalog route at CPU saturation, all variants in turn, slice by slice,
 * so that a machine that slows down slows all of them. Returns whether the gates hold.
 */
export async function runOverhead(options: OverheadOptions): Promise<boolean> {
  const { slices, seconds, starts } = options
  await installStock()
  const exemplarCost = await measureExemplarCost({ batches: slices, pairs: 20_000 })
  await using stack = new AsyncDisposableStack()
  const engine = stack.use((await unpackEngine()) ?? null)
  if (!engine) {
    console.warn(`${ENGINE_BEFORE} is left out: its commit is not in this clone (git fetch --unshallow)`)
  }
  const variants = [
    OFF,
    ...(engine ? [engineBefore(engine.entry)] : []),
    FAULTLINE,
    ...(options.signals ? SINGLE_SIGNALS : []),
    SDK_PROCESSORS,
    STOCK,
    STOCK_WITHOUT_KOA,
  ]
  const addresses = await startSurroundings(stack)
  const started = await measureStarts(variants, addresses, starts)
  const samples = await measureLoad(variants, addresses, options)

  const judged = verdict(samples)
  const report = [
    overheadTable(samples),
    judged.text,
    processTable(samples, started),
    exemplarTable(exemplarCost),
    `Medians, 95 % intervals in brackets. ${describeMachine()}; ${slices} interleaved slices of ${seconds} s, ${starts} starts each.\n`,
  ]
  if (slices >= overheadDefaults.slices) await publish('overhead', report)
  else
    console.log(
      `\n${report.join('\n\n')}\nA trial of fewer than ${overheadDefaults.slices} slices: not kept.`,
    )
  return judged.holds
}

async function measureLoad(
  variants: readonly Variant[],
  addresses: Addresses,
  { slices, seconds }: OverheadOptions,
): Promise<Samples> {
  await using stack = new AsyncDisposableStack()
  const gateways = new Map<string, Gateway>()
  for (const variant of variants) {
    const gateway = stack.use(await startGateway(variant, addresses))
    gateways.set(variant.name, gateway)
    await load(gateway, WARM_UP_SECONDS)
  }
  const samples = new Map<string, Sample[]>(variants.map(({ name }) => [name, []]))
  for (let slice = 0; slice < slices; slice++) {
    console.log(`slice ${slice + 1} of ${slices}`)
    // There and back, so that no variant always follows the same one.
    const order = slice % 2 === 0 ? [...gateways] : [...gateways].reverse()
    for (const [name, gateway] of order) samples.get(name)?.push(await measure(gateway, seconds))
  }
  await untilReceived(variants, addresses.sink)
  return samples
}
