import { create } from '@bufbuild/protobuf'
import Router from '@koa/router'
import type { Context, Middleware } from 'koa'
import { TracesDataSchema } from '../generated/opentelemetry/proto/trace/v1/trace_pb.js'
import { Refusal, unsupported } from '../refusal.ts'
import type { SegmentLog } from '../storage/segment-log.ts'
import { searchJson, type TraceApi, traceJson, traceProtobuf } from './answers.ts'
import { search, type TimeWindow } from './search.ts'
import { readTrace } from './stored-trace.ts'
import { tagNames, tagValues } from './tags.ts'
import type { TraceIndex } from './trace-index.ts'
import { type Spanset, TraceqlError } from './traceql/ast.ts'
import { parseTraceql } from './traceql/parser.ts'

const PROTOBUF = 'application/protobuf'

/** Parts of Tempo's HTTP API that exist there but not here. */
const UNSUPPORTED = /^\/api\/(metrics\/.*|search\/tags|search\/tag\/.*|overrides|mcp)$/

/** The part of Tempo's HTTP API that the kit uses, same paths, parameters and answers. */
export function tempoApi(log: SegmentLog, index: TraceIndex): Router {
  const router = new Router()
  router.get('/api/echo', (context) => {
    context.body = 'echo'
  })
  router.get('/api/status/buildinfo', (context) => {
    const unknown = { goVersion: '', revision: '', branch: '', buildDate: '', buildUser: '' }
    context.body = { version: '3.0.0-embedded-store', ...unknown }
  })
  router.get('/api/traces/:id', traceById(log, index, 1))
  router.get('/api/v2/traces/:id', traceById(log, index, 2))
  router.get('/api/search', (context) => {
    refuseUnknown(context, ['q', 'start', 'end', 'limit', 'spss'])
    const q = textParameter(context, 'q')
    const query = parseTraceql(q || '{}')
    const { limit, spansPerSpanset } = parseLimits(context)
    const outcome = search(index, query, parseWindow(context), limit)
    context.body = searchJson(outcome, q === '' ? undefined : spansPerSpanset)
  })
  router.get('/api/v2/search/tags', (context) => {
    refuseUnknown(context, ['scope', 'q', 'start', 'end', 'limit', 'maxStaleValues'])
    const scope = textParameter(context, 'scope')
    context.body = { scopes: tagNames(index, scope, parseWindow(context)), metrics: {} }
  })
  router.get('/api/v2/search/tag/:name/values', (context) => {
    refuseUnknown(context, ['q', 'start', 'end', 'limit', 'maxStaleValues'])
    const query = parseUnfinishedQuery(textParameter(context, 'q'))
    const values = tagValues(index, String(context.params.name), query, parseWindow(context))
    context.body = { tagValues: values, metrics: {} }
  })
  router.all(UNSUPPORTED, (context) => {
    throw unsupported(`${context.method} ${context.path}`)
  })
  return router
}

function traceById(log: SegmentLog, index: TraceIndex, api: TraceApi): Middleware {
  return async (context: Context) => {
    const id = String(context.params.id)
    if (!/^[0-9a-fA-F]{1,32}$/.test(id)) {
      throw new Refusal(400, 'trace IDs can only contain up to 32 hexadecimal characters')
    }
    // A window is only a hint where to look, but must be one.
    const { start, end } = readWindow(context)
    if (start !== 0 && end !== 0 && end <= start) throw wrongOrder(start, end)
    // Leading zeros may be missing, as in the answers to searches.
    const trace = await readTrace(log, index, Buffer.from(id.padStart(32, '0'), 'hex').toString('latin1'))
    // Tempo 3: the first API answers 404 for a trace that is not there, the second an empty trace.
    if (trace === undefined && api === 1) {
      context.status = 404
      context.body = ''
      context.remove('Content-Type')
      return
    }
    const found = trace ?? create(TracesDataSchema)
    if (context.get('Accept').includes(PROTOBUF)) {
      context.type = PROTOBUF
      context.body = Buffer.from(traceProtobuf(found, api))
    } else {
      context.body = traceJson(found, api)
    }
  }
}

/** Tempo's defaults: of the API, of `query_backend_after` and of `max_spans_per_span_set`. */
const DEFAULT_LIMIT = 20
const DEFAULT_SPANS_PER_SPANSET = 3
const DEFAULT_WINDOW_MS = 900_000
const MAX_SPANS_PER_SPANSET = 100

/**
 * The query's `start` and `end`, seconds since the epoch; both missing means the last quarter of an hour, and an end in
 * the future means now. @throws {Refusal}
 */
function parseWindow(context: Context): TimeWindow {
  const { start, end } = readWindow(context)
  const nowMs = Date.now()
  const standard = { startMs: nowMs - DEFAULT_WINDOW_MS, endMs: nowMs }
  if (start === 0 && end === 0) return standard
  if (start === 0) throw new Refusal(400, 'only one of start and end provided: must provide both or neither')
  const cutEnd = Math.min(end, Math.floor(nowMs / 1000))
  if (end <= start || cutEnd === start) throw wrongOrder(start, cutEnd)
  // What has not begun yet: Tempo looks at the last quarter of an hour instead.
  if (cutEnd < start) return standard
  return { startMs: start * 1000, endMs: cutEnd === end ? end * 1000 : nowMs }
}

function readWindow(context: Context): { start: number; end: number } {
  return { start: count(context, 'start') ?? 0, end: count(context, 'end') ?? 0 }
}

function wrongOrder(start: number, end: number): Refusal {
  return new Refusal(400, `http parameter start must be before end. received start=${start} end=${end}`)
}

/** The query's `limit` (traces) and `spss` (spans of each in the answer). @throws {Refusal} */
function parseLimits(context: Context): { limit: number; spansPerSpanset: number } {
  const limit = count(context, 'limit') ?? DEFAULT_LIMIT
  if (limit === 0) throw new Refusal(400, 'invalid limit: must be a positive number')
  const spans = count(context, 'spss') ?? DEFAULT_SPANS_PER_SPANSET
  if (spans > MAX_SPANS_PER_SPANSET) {
    throw new Refusal(400, `spans per span set exceeds ${MAX_SPANS_PER_SPANSET}. received ${spans}`)
  }
  return { limit, spansPerSpanset: spans === 0 ? DEFAULT_SPANS_PER_SPANSET : spans }
}

/** A query that somebody is still typing: selects everything until it can be read. @throws {TraceqlError} */
function parseUnfinishedQuery(q: string): Spanset {
  try {
    return parseTraceql(q || '{}')
  } catch (error) {
    if (!(error instanceof TraceqlError) || error.isUnsupported) throw error
    return parseTraceql('{}')
  }
}

/** First value of a parameter, empty when it is missing. */
function textParameter(context: Context, name: string): string {
  return [context.query[name]].flat()[0] ?? ''
}

/** A whole number that is not negative; undefined when it is missing. @throws {Refusal} */
function count(context: Context, name: string): number | undefined {
  const value = context.query[name]
  if (value === undefined || value === '') return undefined
  const number = Number(value)
  if (!Number.isSafeInteger(number) || number < 0) throw new Refusal(400, `invalid ${name}: ${String(value)}`)
  return number
}

/** Refuses parameters that would be ignored in silence. @throws {Refusal} naming the parameter */
function refuseUnknown(context: Context, known: readonly string[]): void {
  for (const name of Object.keys(context.query)) {
    if (!known.includes(name)) throw unsupported(`parameter "${name}"`)
  }
}
