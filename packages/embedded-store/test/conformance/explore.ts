import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import fc from 'fast-check'
import * as z from 'zod'
import { sendSpans } from '../support/send.ts'
import { startStoreProcess, storeEnvironment, temporaryFolder } from '../support/store-process.ts'
import { numberLiteral, printTraceql, queries } from '../support/traceql.ts'
import type { PlainSpan } from '../support/traces.ts'

// Looks for cases: `node explore.ts --tempo URL --otlp URL [--seed N] [--queries N]` asks a fresh Tempo and the embedded
// store the same random searches over the same random traces, and prints the first that they answer differently.

const { values } = parseArgs({
  options: {
    tempo: { type: 'string' },
    otlp: { type: 'string' },
    seed: { type: 'string', default: '1' },
    queries: { type: 'string', default: '500' },
  },
})
const {
  tempo,
  otlp,
  seed,
  queries: count,
} = z
  .object({ tempo: z.url(), otlp: z.url(), seed: z.coerce.number(), queries: z.coerce.number() })
  .parse(values)

const TRACES = 40
const SHOWN = 12
/** Until Tempo can find what it took. */
const FRESHNESS_MS = 15_000
// Two have columns of their own in Tempo by default, the others share those of all attributes.
const NAMES = ['number', 'text', 'truth', 'http.route', 'http.response.status_code', 'service.name']
const TEXTS = ['', 'a', 'ab', 'b', 'abc']

const text = fc.constantFrom(...TEXTS)
const integer = fc.integer({ min: -3, max: 6 })
/** Of one type each, as attributes are; but numbers of both kinds. */
const attributes = fc.record(
  {
    // Not of texts: patterns on such lists fail in Tempo 3.0.3 (500, "unexpected numbers of pre-compiled regexp").
    number: fc.oneof(integer, fc.constantFrom(1.5, -2.5), fc.array(integer, { minLength: 1, maxLength: 3 })),
    text,
    truth: fc.boolean(),
    'http.route': text,
    'http.response.status_code': integer,
    'service.name': text,
  },
  { requiredKeys: [] },
)
const span = fc.record({
  name: fc.constantFrom(...TEXTS),
  kind: fc.nat(5),
  status: fc.nat(2),
  statusMessage: fc.constantFrom(...TEXTS),
  start: fc.nat(5),
  durationNanos: fc.nat(6),
  attributes,
  resource: attributes,
})

const baseNanos = BigInt(Date.now() - 60_000) * 1_000_000n
const traces = fc
  .sample(fc.array(span, { minLength: 1, maxLength: 4 }), { seed, numRuns: TRACES })
  .map((spans): PlainSpan[] => {
    const traceId = randomBytes(16).toString('hex')
    const ids = spans.map(() => randomBytes(8).toString('hex'))
    return spans.map(({ start, ...fields }, at) => ({
      ...fields,
      traceId,
      spanId: ids[at] ?? '',
      ...(at > 0 && { parentId: ids[0] ?? '' }),
      startNanos: baseNanos + BigInt(start),
    }))
  })

const answerSchema = z.object({
  traces: z.array(
    z.object({ spanSets: z.array(z.object({ spans: z.array(z.looseObject({ spanID: z.string() })) })) }),
  ),
})

type Found = ReadonlyMap<string, unknown>

/** Found spans by id with all that is said of them, or the status of a refusal. */
async function search(baseUrl: string, q: string): Promise<Found | number> {
  const url = new URL('/api/search', baseUrl)
  url.search = new URLSearchParams({ q, limit: String(TRACES), spss: '10' }).toString()
  const response = await fetch(url)
  if (!response.ok) return response.status
  const { traces } = answerSchema.parse(await response.json())
  const spans = traces.flatMap(({ spanSets }) => spanSets.flatMap((set) => set.spans))
  return new Map(spans.map((found) => [found.spanID, sorted(found)] as const).sort())
}

/** Attributes are a set. */
function sorted(found: Record<string, unknown>): unknown {
  const { attributes } = found
  if (!Array.isArray(attributes)) return found
  return { ...found, attributes: attributes.map((one) => JSON.stringify(one)).sort() }
}

/** What is said of one span by one side only, or differently, and the span itself. */
function firstDifference(real: Found, own: Found): unknown {
  const spanId = [...real.keys(), ...own.keys()].find((id) => !isDeepStrictEqual(real.get(id), own.get(id)))
  const sent = traces.flat().find((one) => one.spanId === spanId)
  return { tempo: real.get(spanId ?? ''), store: own.get(spanId ?? ''), sent }
}

const statusOf = (answer: Found | number): number => (typeof answer === 'number' ? answer : 200)

await using folder = await temporaryFolder()
await using store = await startStoreProcess(storeEnvironment(folder.path))
for (const receiver of [otlp, store.otlp]) await sendSpans(receiver, traces.flat())
await sleep(FRESHNESS_MS)
const domain = { names: fc.constantFrom(...NAMES), texts: fc.constantFrom(...TEXTS), numbers: numberLiteral }
let different = 0
for (const query of fc.sample(queries(domain), { seed, numRuns: count })) {
  const q = printTraceql(query)
  const [real, own] = await Promise.all([search(tempo, q), search(store.tempo, q)])
  if (isDeepStrictEqual(real, own)) continue
  different += 1
  if (different > SHOWN) continue
  const bothFound = real instanceof Map && own instanceof Map
  console.log(q, bothFound ? firstDifference(real, own) : { tempo: statusOf(real), store: statusOf(own) })
}
console.log(`${different} of ${count} searches are answered differently`)
