import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import * as z from 'zod'
import { ask } from './ask.ts'
import { API_NAMES, type Api, type CaseFile, readCaseFiles, writeCaseFile } from './cases.ts'
import { nudgeCompaction, sendFixture } from './fixture.ts'
import { type Run, startRun } from './run.ts'

// Records the answers anew: `node record.ts --tempo URL --otlp URL --pyroscope URL`, of real ones that are fresh, since
// what they hold besides the fixture would be in the answers. Then `npm run format`.

/** Everything that was sent can be found when all answers have stayed the same for so long. */
const STEADY_MS = 30_000
const POLL_MS = 1_000
const PATIENCE_MS = 240_000

/** All answers of an API by topic. */
type Recording = ReadonlyMap<string, CaseFile>

async function versionOf(program: 'tempo' | 'pyroscope'): Promise<string> {
  const path = program === 'tempo' ? '/api/status/buildinfo' : '/api/v1/status/buildinfo'
  const { version } = z
    .object({ version: z.string() })
    .or(z.object({ data: z.object({ version: z.string() }) }).transform(({ data }) => data))
    .parse(await (await fetch(new URL(path, targets[program]))).json())
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
  let recording = await recordAll(api, targets[api], run)
  let steadySince = Date.now()
  while (Date.now() - steadySince < STEADY_MS) {
    await sleep(POLL_MS)
    await nudgeCompaction(targets, run)
    const next = await recordAll(api, targets[api], run)
    const changed = changes(recording, next)
    if (changed.length > 0) {
      steadySince = Date.now()
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
  .object({ tempo: z.url(), otlp: z.url(), pyroscope: z.url() }, '--tempo, --otlp and --pyroscope are needed')
  .parse(values)
const run = startRun()
await sendFixture(targets, run)
for (const api of API_NAMES) {
  for (const [topic, file] of await recordSteady(api)) {
    writeCaseFile(api, topic, file)
    console.log(`${api}/${topic}: ${file.cases.length} answers recorded`)
  }
}
