import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask } from './conformance/ask.ts'
import { API_NAMES, readCaseFiles } from './conformance/cases.ts'
import { nudgeCompaction, sendFixture, type Targets } from './conformance/fixture.ts'
import { startRun } from './conformance/run.ts'
import { startStoreProcess, storeEnvironment, temporaryFolder } from './support/store-process.ts'

// The cases are data: requests, and what Tempo and Pyroscope answered to them (conformance/record.ts). They run against
// the embedded store, or with the three variables set against fresh real ones, whose versions may have changed.

const { CONFORMANCE_TEMPO_URL, CONFORMANCE_OTLP_URL, CONFORMANCE_PYROSCOPE_URL } = process.env

const isReal = Boolean(CONFORMANCE_TEMPO_URL && CONFORMANCE_OTLP_URL && CONFORMANCE_PYROSCOPE_URL)
/** Real ones need a while until what they took can be found; the store has it when it has acknowledged it. */
const patience = isReal ? { timeout: 90_000, interval: 1_000 } : { timeout: 1_000, interval: 50 }

const owned = new AsyncDisposableStack()
const run = startRun()
let targets: Targets
beforeAll(async () => {
  targets = await openTargets()
  await sendFixture(targets, run)
})
afterAll(() => owned.disposeAsync())

async function openTargets(): Promise<Targets> {
  if (CONFORMANCE_TEMPO_URL && CONFORMANCE_OTLP_URL && CONFORMANCE_PYROSCOPE_URL) {
    return { tempo: CONFORMANCE_TEMPO_URL, otlp: CONFORMANCE_OTLP_URL, pyroscope: CONFORMANCE_PYROSCOPE_URL }
  }
  const folder = owned.use(await temporaryFolder())
  return owned.use(await startStoreProcess(storeEnvironment(folder.path)))
}

const topics = API_NAMES.flatMap((api) =>
  [...readCaseFiles(api)].map(([topic, file]) => ({ api, topic, file })),
)

describe.each(topics)('$api answers about $topic', ({ api, file }) => {
  test.each(file.cases)('$name', { timeout: patience.timeout + 10_000 }, async ({ request, answer }) => {
    const { said: _, ...expected } = answer ?? {}
    const asked = async () => {
      if (isReal) await nudgeCompaction(targets, run)
      const { said: _, ...given } = await ask(targets[api] ?? '', request, run)
      return given
    }
    await expect.poll(asked, patience).toEqual(expected)
  })
})
