import { create } from '@bufbuild/protobuf'
import Router from '@koa/router'
import type { Context, Middleware } from 'koa'
import { TracesDataSchema } from '../generated/opentelemetry/proto/trace/v1/trace_pb.js'
import { RequestError } from '../http/errors.ts'
import type { SegmentLog } from '../segments/segment-log.ts'
import { searchJson, traceProtobuf, traceV1Json, traceV2Json } from './answers.ts'
import { parseTraceId } from './ids.ts'
import {
  checkWindow,
  parseLimits,
  parseQuery,
  parseUnfinishedQuery,
  parseWindow,
  refuseUnknown,
  textParameter,
} from './parameters.ts'
import { search } from './search.ts'
import { readTrace } from './stored-trace.ts'
import { tagNames, tagValues } from './tags.ts'
import type { TraceIndex } from './trace-index.ts'

const PROTOBUF = 'application/protobuf'
/** Parts of Tempo's HTTP API that exist there but not here. */
const UNSUPPORTED = [
  '/api/metrics/(.*)',
  '/api/search/tags',
  '/api/search/tag/(.*)',
  '/api/overrides',
  '/api/mcp',
]

/** The part of Tempo's HTTP API that the kit uses, same paths, parameters and answers. */
export function tempoApi(log: SegmentLog, index: TraceIndex): Router {
  const router = new Router()
  router.get('/api/echo', (context) => {
    context.body = 'echo'
  })
  router.get('/api/status/buildinfo', (context) => {
    context.body = {
      version: '3.0.0-embedded-store',
      goVersion: '',
      revision: '',
      branch: '',
      buildDate: '',
      buildUser: '',
    }
  })
  router.get('/api/traces/:id', traceById(log, index, 1))
  router.get('/api/v2/traces/:id', traceById(log, index, 2))
  router.get('/api/search', (context) => {
    refuseUnknown(context, ['q', 'start', 'end', 'limit', 'spss'])
    const query = parseQuery(context)
    const { limit, spansPerSpanset } = parseLimits(context)
    const outcome = search(index, query, parseWindow(context), limit)
    context.body = searchJson(outcome, textParameter(context, 'q') === '' ? undefined : spansPerSpanset)
  })
  router.get('/api/v2/search/tags', (context) => {
    refuseUnknown(context, ['scope', 'q', 'start', 'end', 'limit', 'maxStaleValues'])
    const scope = textParameter(context, 'scope')
    context.body = { scopes: tagNames(index, scope, parseWindow(context)), metrics: {} }
  })
  router.get('/api/v2/search/tag/:name/values', (context) => {
    refuseUnknown(context, ['q', 'start', 'end', 'limit', 'maxStaleValues'])
    const query = parseUnfinishedQuery(context)
    const values = tagValues(index, String(context.params.name), query, parseWindow(context))
    context.body = { tagValues: values, metrics: {} }
  })
  for (const path of UNSUPPORTED) {
    router.all(new RegExp(`^${path}$`), (context) => {
      throw new RequestError(400, `${context.method} ${context.path} is not supported by the embedded store`)
    })
  }
  return router
}

function traceById(log: SegmentLog, index: TraceIndex, api: 1 | 2): Middleware {
  return async (context: Context) => {
    const key = parseTraceId(String(context.params.id))
    if (key === undefined) {
      throw new RequestError(400, 'trace IDs can only contain up to 32 hexadecimal characters')
    }
    checkWindow(context)
    const trace = await readTrace(log, index, key)
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
      context.body = api === 1 ? traceV1Json(found) : traceV2Json(found)
    }
  }
}
