import * as z from 'zod'
import type { CaseAnswer, CaseRequest } from './cases.ts'
import type { Run } from './run.ts'

/** Asks a backend and brings its answer into the form that is recorded. */
export async function ask(baseUrl: string, request: CaseRequest, run: Run): Promise<CaseAnswer> {
  const { path, query = {}, accept = 'application/json', headers, ...bodies } = run.filled(request)
  const url = new URL(path, baseUrl)
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  const sent = bodyOf(bodies)
  const response = await fetch(url, {
    headers: {
      Accept: accept,
      ...(sent !== undefined && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(sent !== undefined && { method: 'POST', body: sent }),
  })
  const type = response.headers.get('content-type')?.split(';')[0]
  const received = await response.text()
  const common = { status: response.status, ...(type !== undefined && { type }) }
  if (type !== 'application/json') return { ...common, ...(type === 'text/plain' && { said: received }) }
  const json = settled(run.abstracted(JSON.parse(received)))
  return response.ok ? { ...common, body: json } : { ...common, ...refusal(json) }
}

function bodyOf({ body, text, base64 }: Pick<CaseRequest, 'body' | 'text' | 'base64'>) {
  if (base64 !== undefined) return Buffer.from(base64, 'base64')
  return text ?? (body === undefined ? undefined : JSON.stringify(body))
}

/** Connect's errors: the code is for programs, the message for people. */
function refusal(json: unknown): Pick<CaseAnswer, 'body' | 'said'> {
  if (!isRecord(json) || typeof json.message !== 'string') return { body: json }
  const { message, ...body } = json
  return { body, said: message }
}

/**
 * Lists that are sets: neither backend promises an order, Tempo's changes from call to call, and that of Pyroscope's
 * series with the number of its blocks.
 */
const SETS = new Set([
  ...['attributes', 'spans', 'tagValues', 'tags', 'scopes', 'resourceSpans', 'batches'],
  'labelsSet',
])
/** Spans by resource and scope: which of them share a group is up to whoever sent and stored them. */
const GROUPS = new Set(['resourceSpans', 'batches'])
/** How much work an answer was, and what the program was built from: not what was asked. */
const TOLD_BY_THE_WAY = new Set([
  'metrics',
  'version',
  'revision',
  'branch',
  'buildUser',
  'buildDate',
  'goVersion',
])

function settled(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(settled)
  if (!isRecord(json)) return json
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => {
      if (TOLD_BY_THE_WAY.has(key)) return [key, `<${typeof value}>`]
      const inner = settled(GROUPS.has(key) ? ungrouped(value) : value)
      return [key, SETS.has(key) && Array.isArray(inner) ? inner.toSorted(byText) : inner]
    }),
  )
}

const groups = z.array(z.looseObject({ scopeSpans: z.array(z.looseObject({ spans: z.array(z.unknown()) })) }))

/** Each span in a group of its own. */
function ungrouped(value: unknown): unknown {
  return groups
    .parse(value)
    .flatMap(({ scopeSpans, ...group }) =>
      scopeSpans.flatMap(({ spans, ...scope }) =>
        spans.map((span) => ({ scopeSpans: [{ spans: [span], ...scope }], ...group })),
      ),
    )
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
