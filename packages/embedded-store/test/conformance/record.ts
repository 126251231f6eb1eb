import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import * as z from 'zod'
import { ask } from './ask.ts'
import { API_NAMES, type Api, type CaseFile, readCaseFiles, writeCaseFile } from './cases.ts'
import { nudgeCompaction, sendFixture } from './fixture.ts'
import { type Run, startRun } from './run.ts'

// Records the answers again: `node record.ts --tempo URL --otlp URL --pyroscope URL`, of real ones that are fresh, since
// what they hold besides the fixture would be in the answers; of Pyroscope alone or Tempo alone too. Then `npm run format`.

/**
 * Everything that was sent can be found when all answers have stayed the same for so long and so many rounds: Pyroscope
 * compacts what it has when twenty more writes have come.
 */
const STEADY_MS = 30_000
const STEADY_ROUNDS = 40
const POLL_MS = 1_000
const PATIENCE_MS = 240_000

/** All answers of an API by topic. */
type Recording = ReadonlyMap<string, CaseFile>

function urlOf(api: Api): string {
  const url = targets[api]
  if (url === undefined) throw new Error(`--${api} is needed`)
  return url
}

async function versionOf(program: 'tempo' | 'pyroscope'): Promise<string> {
  const path = program === 'tempo' ? '/api/status/buildinfo' : '/api/v1/status/buildinfo'
  const { version } = z
    .object({ version: z.string() })
    .or(z.object({ data: z.object({ version: z.string() }) }).transform(({ data }) => data))
    .parse(await (await fetch(new URL(path, urlOf(program)))).json())
  return `${program} ${version}`
}

async function recordAll(api: Api, baseUrl: string, run: Run): Promise<Recording> {
  // Tempo receives OTLP, at another address.
  const recordedFrom = await versionOf(api === 'otlp' ? 'tempo' : api)
  const topics = new Map<string, CaseFile>()
  for (const [topic, { cases }] of readCaseFiles(api)) {
    const answered: CaseFile['cases'] = []
    for (const { name, request } of cases) {
      answered.push({ name, request, answer: await ask(baseUrl, request, run) })
    }
    topics.set(topic, { recordedFrom, cases: answered })
  }
  return topics
}

/** Cases whose answers differ in more than words. */
function changes(before: Recording, after: Recording): string[] {
  return [...after].flatMap(([topic, { cases }]) =>
    cases
      .filter(({ answer }, at) => {
        const earlier = before.get(topic)?.cases[at]?.answer
        return !isDeepStrictEqual({ ...answer, said: '' }, { ...earlier, said: '' })
      })
      .map(({ name }) => `${topic}: ${name}`),
  )
}

/** @throws naming the cases whose answers keep changing */
async function recordSteady(api: Api): Promise<Recording> {
  const giveUpAt = Date.now() + PATIENCE_MS
  let recording = await recordAll(api, urlOf(api), run)
  let steadySince = Date.now()
  let rounds = 0
  while (Date.now() - steadySince < STEADY_MS || rounds < STEADY_ROUNDS) {
    await sleep(POLL_MS)
    await nudgeCompaction(targets, run)
    const next = await recordAll(api, urlOf(api), run)
    const changed = changes(recording, next)
    rounds += 1
    if (changed.length > 0) {
      steadySince = Date.now()
      rounds = 0
      if (steadySince > giveUpAt) throw new Error(`answers of ${api} keep changing: ${changed.join('; ')}`)
    }
    recording = next
  }
  return recording
}

const { values } = parseArgs({
  options: { tempo: { type: 'string' }, otlp: { type: 'string' }, pyroscope: { type: 'string' } },
})
const targets = z
  .object({ tempo: z.url(), otlp: z.url(), pyroscope: z.url() })
  .partial()
  .refine(
    ({ tempo, otlp }) => (tempo === undefined) === (otlp === undefined),
    '--tempo and --otlp go together',
  )
  .parse(values)
const run = startRun()
await sendFixture(targets, run)
for (const api of API_NAMES.filter((name) => targets[name] !== undefined)) {
  for (const [topic, file] of await recordSteady(api)) {
    writeCaseFile(api, topic, file)
    console.log(`${api}/${topic}: ${file.cases.length} answers recorded`)
  }
}
