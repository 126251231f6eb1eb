import { expect, test } from 'vitest'
import * as z from 'zod'
import { exampleTrace, sendSpans } from './support/send.ts'
import { startStoreProcess, storeEnvironment, temporaryFolder } from './support/store-process.ts'

const HALF_AN_HOUR_S = 1800

test('a search without a window looks at the last quarter of an hour, as Tempo does by default', async () => {
  await using folder = await temporaryFolder()
  await using store = await startStoreProcess(storeEnvironment(folder.path))
  const nowS = Math.floor(Date.now() / 1000)
  const old = exampleTrace({ startNanos: BigInt(nowS - HALF_AN_HOUR_S) * 1_000_000_000n })
  expect((await sendSpans(store.otlp, [old[0], exampleTrace()[0]])).status).toBe(200)
  const found = async (query: string): Promise<number> => {
    const answer = await fetch(`${store.tempo}/api/search?q={}${query}`)
    return z.object({ traces: z.array(z.unknown()) }).parse(await answer.json()).traces.length
  }
  expect(await found('')).toBe(1)
  expect(await found(`&start=${nowS - 2 * HALF_AN_HOUR_S}&end=${nowS + 10}`)).toBe(2)
})
