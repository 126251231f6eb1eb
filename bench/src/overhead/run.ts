import { describeMachine } from '../machine.ts'
import { publish } from '../results.ts'
import { startGatewayDatabase } from './database.ts'
import { freePort, type Gateway, installStock, startGateway, startHelper } from './processes.ts'
import { overheadTable, verdict } from './report.ts'
import { measure, type Sample, warmUp } from './round.ts'
import { VARIANTS } from './variants.ts'

export interface OverheadOptions {
  readonly rounds: number
  /** Length of one measurement, in seconds. */
  readonly seconds: number
}

const WARM_UP_SECONDS = 5

/**
 * What instrumentation costs on the gateway's catalog route at CPU saturation, all variants in turn, round by round,
 * so that a machine that slows down slows all of them. Returns whether the gate holds.
 */
export async function runOverhead({ rounds, seconds }: OverheadOptions): Promise<boolean> {
  await installStock()
  await using stack = new AsyncDisposableStack()
  const [catalogPort, sinkPort] = [await freePort(), await freePort()]
  stack.use(await startHelper('stub-catalog.ts', catalogPort))
  stack.use(await startHelper('sink.ts', sinkPort))
  const database = stack.use(await startGatewayDatabase())
  const addresses = {
    catalog: `http://127.0.0.1:${catalogPort}`,
    sink: `http://127.0.0.1:${sinkPort}`,
    database: database.url,
  }

  const gateways = new Map<string, Gateway>()
  for (const variant of VARIANTS) {
    const gateway = stack.use(await startGateway(variant, addresses))
    gateways.set(variant.name, gateway)
    await warmUp(gateway, WARM_UP_SECONDS)
  }

  const samples = new Map<string, Sample[]>(VARIANTS.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    console.log(`round ${round + 1} of ${rounds}`)
    // There and back, so that no variant always follows the same one.
    const order = round % 2 === 0 ? [...gateways] : [...gateways].reverse()
    for (const [name, gateway] of order) samples.get(name)?.push(await measure(gateway, seconds))
  }
  const judged = verdict(samples)
  await publish(
    'overhead',
    [
      overheadTable(samples),
      judged.text,
      `${describeMachine()}; ${rounds} rounds of ${seconds} s each.\n`,
    ].join('\n\n'),
  )
  return judged.holds
}
