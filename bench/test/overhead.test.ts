import { afterAll, beforeAll, expect, it } from 'vitest'
import { startGatewayDatabase } from '../src/overhead/database.ts'
import { freePort, startGateway, startHelper } from '../src/overhead/processes.ts'
import { measure } from '../src/overhead/round.ts'
import { ALL_ON, BASELINE } from '../src/overhead/variants.ts'

const stack = new AsyncDisposableStack()
let addresses: Parameters<typeof startGateway>[1]

beforeAll(async () => {
  const [catalogPort, sinkPort] = [await freePort(), await freePort()]
  stack.use(await startHelper('stub-catalog.ts', catalogPort))
  stack.use(await startHelper('sink.ts', sinkPort))
  const { url: database } = stack.use(await startGatewayDatabase())
  addresses = { catalog: `http://127.0.0.1:${catalogPort}`, sink: `http://127.0.0.1:${sinkPort}`, database }
})
afterAll(() => stack.disposeAsync())

it.each([BASELINE, ALL_ON])('the benchmark can measure the gateway with $name', async (variant) => {
  await using gateway = await startGateway(variant, addresses)
  const sample = await measure(gateway, 1)
  expect(sample.throughput).toBeGreaterThan(0)
  expect(sample.cpuMicros).toBeGreaterThan(0)
})

it('the benchmark says that a gateway ended, instead of waiting for it', async () => {
  const wrong = { ...addresses, database: 'no URL' }
  await expect(startGateway(BASELINE, wrong)).rejects.toThrow(/has ended/)
})
