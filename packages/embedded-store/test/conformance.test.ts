import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { sendProfiles, sendSpans } from './support/send.ts'
import { differences } from './support/shape.ts'
import { startStoreProcess, storeEnvironment, temporaryFolder } from './support/store-process.ts'

// The cases are data, recorded from Tempo 3.0.3 and Pyroscope 2.0.6. They run against the embedded store, and against
// fresh real ones when CONFORMANCE_TEMPO_URL, CONFORMANCE_OTLP_URL and CONFORMANCE_PYROSCOPE_URL are set.

const caseSchema = z.strictObject({
  name: z.string(),
  request: z.strictObject({
    path: z.string(),
    query: z.record(z.string(), z.string()).default({}),
    accept: z.string().default('application/json'),
    body: z.unknown().optional(),
    text: z.string().optional(),
  }),
  expect: z.strictObject({ status: z.number(), type: z.string().optional(), body: z.unknown().optional() }),
})
type Case = z.infer<typeof caseSchema>

function readCases(name: string): Case[] {
  const text = readFileSync(new URL(`./conformance/${name}.json`, import.meta.url), 'utf8')
  return z.array(caseSchema).parse(JSON.parse(text))
}

// A leading zero, as Tempo's search leaves it out.
const traceId = `0${randomBytes(16).toString('hex').slice(1).replace(/^0/, '1')}`
const spanId = randomBytes(8).toString('hex')
const clientSpanId = randomBytes(8).toString('hex')
const nowMs = Date.now() - 5000
const values: Readonly<Record<string, string>> = {
  traceId,
  traceIdWithoutZeros: traceId.slice(1),
  spanId,
  clientSpanId,
  startMs: String(nowMs - 600_000),
  endMs: String(nowMs + 600_000),
  startSeconds: String(Math.floor(nowMs / 1000) - 600),
  endSeconds: String(Math.floor(nowMs / 1000) + 600),
}

/** Puts this run's ids and times in. */
function filled<T>(template: T): T {
  const text = JSON.stringify(template).replaceAll(
    /\{(\w+)\}/g,
    (whole, name: string) => values[name] ?? whole,
  )
  return JSON.parse(text) as T
}

interface Target extends AsyncDisposable {
  readonly tempo: string
  readonly otlp: string
  readonly pyroscope: string
}

async function openTarget(): Promise<Target> {
  const { CONFORMANCE_TEMPO_URL, CONFORMANCE_OTLP_URL, CONFORMANCE_PYROSCOPE_URL } = process.env
  if (CONFORMANCE_TEMPO_URL && CONFORMANCE_OTLP_URL && CONFORMANCE_PYROSCOPE_URL) {
    return {
      tempo: CONFORMANCE_TEMPO_URL,
      otlp: CONFORMANCE_OTLP_URL,
      pyroscope: CONFORMANCE_PYROSCOPE_URL,
      [Symbol.asyncDispose]: async () => undefined,
    }
  }
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryFolder())
  const { tempo, otlp, pyroscope } = stack.use(await startStoreProcess(storeEnvironment(folder.path)))
  const owned = stack.move()
  return { tempo, otlp, pyroscope, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

let target: Target
beforeAll(async () => {
  target = await openTarget()
  const resource = { 'service.name': 'gateway' }
  const startNanos = BigInt(nowMs) * 1_000_000n
  const spans = await sendSpans(target.otlp, [
    {
      traceId,
      spanId,
      name: 'GET /v1/concerts',
      kind: 2,
      status: 2,
      statusMessage: 'boom',
      startNanos,
      durationNanos: 150_000_000,
      attributes: { 'http.response.status_code': 500, 'sampling.keep': true, ratio: 0.5, list: ['a', 'b'] },
      resource,
    },
    {
      traceId,
      spanId: clientSpanId,
      parentId: spanId,
      name: 'GET',
      kind: 3,
      startNanos: startNanos + 10_000_000n,
      durationNanos: 90_000_000,
      attributes: { 'peer.service': 'catalog' },
      resource,
    },
  ])
  expect(spans.status).toBe(200)
  const labels = { 'service.name': 'gateway' }
  const profiles = await sendProfiles(target.pyroscope, [
    {
      timeMs: nowMs,
      samples: [
        {
          frames: ['query', 'handler', 'main'],
          value: 137_000_000,
          labels: { ...labels, http_route: '/v1/concerts' },
          spanId,
        },
        { frames: ['handler', 'main'], value: 50_000_000, labels },
      ],
    },
  ])
  expect(profiles.status).toBe(200)
})
afterAll(async () => {
  await target[Symbol.asyncDispose]()
})

async function run(base: string, { request, expect: expected }: Case): Promise<string[]> {
  const url = new URL(request.path, base)
  for (const [name, value] of Object.entries(request.query)) url.searchParams.set(name, value)
  const body = request.text ?? (request.body === undefined ? undefined : JSON.stringify(request.body))
  const answer = await fetch(url, {
    headers: { Accept: request.accept, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
    ...(body !== undefined && { method: 'POST', body }),
  })
  const type = answer.headers.get('content-type')?.split(';')[0]
  const text = await answer.text()
  const problems = answer.status === expected.status ? [] : [`status ${answer.status}: ${text}`]
  if (expected.type !== undefined && type !== expected.type) problems.push(`content type ${type}`)
  if (expected.body === undefined || problems.length > 0) return problems
  return differences(JSON.parse(text), expected.body)
}

// Real ones need a moment until what they took can be found.
const FRESHNESS_MS = 30_000

describe.each([
  ['tempo', () => target.tempo],
  ['pyroscope', () => target.pyroscope],
] as const)('answers have the shape of %s', (api, base) => {
  test.each(readCases(api).map((item) => [item.name, filled(item)] as const))('%s', async (_, item) => {
    await expect.poll(() => run(base(), item), { timeout: FRESHNESS_MS }).toEqual([])
  })
})
