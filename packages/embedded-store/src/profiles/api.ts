import Router from '@koa/router'
import type { Context } from 'koa'
import type { z } from 'zod'
import { readBody } from '../body.ts'
import { Refusal } from '../refusal.ts'
import { encodeFlameGraph } from './flamebearer.ts'
import type { ProfileIndex } from './profile-index.ts'
import {
  maxNodesOf,
  parseProfileType,
  parseRequest,
  parseSpanSelector,
  requests,
  selectionOf,
  timeRange,
} from './requests.ts'
import { mergeStacks, type SampleSelection, timeSeries } from './samples.ts'
import { type Labels, type Matcher, parseSelector } from './selector.ts'

const SERVICE = '/querier.v1.QuerierService'
/** Names that selectors can write without quotes; Pyroscope lists no others to clients that do not ask for them. */
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const MAX_REQUEST_BYTES = 1024 * 1024
/** Methods of Pyroscope 2.0 that exist there but not here. */
const UNSUPPORTED = ['SelectMergeProfile', 'SelectHeatmap', 'Diff', 'GetProfileStats', 'AnalyzeQuery']
const ALWAYS = { startMs: 0, endMs: Number.POSITIVE_INFINITY }

/** The part of Pyroscope's querier service that the kit uses, by Connect's unary JSON calls. */
export function pyroscopeApi(index: ProfileIndex): Router {
  const router = new Router()
  const method = <Schema extends z.ZodType>(
    name: string,
    schema: Schema,
    answer: (request: z.output<Schema>) => unknown,
  ): void => {
    router.post(`${SERVICE}/${name}`, async (context) => {
      context.body = answer(parseRequest(schema, await readJson(context)))
    })
  }
  method('ProfileTypes', requests.ProfileTypes, (request) => {
    const range = request.start === 0 && request.end === 0 ? ALWAYS : timeRange(request)
    const ids = distinct(index.series([], range), '__profile_type__')
    const profileTypes = ids.flatMap((id) => parseProfileType(id) ?? [])
    return profileTypes.length === 0 ? {} : { profileTypes }
  })
  method('LabelNames', requests.LabelNames, (request) => {
    const series = index.series(matchersOf(request), timeRange(request))
    const names = new Set(series.flatMap(({ pairs }) => pairs.map(([name]) => name)))
    return listAnswer([...names].filter(isPlain).sort())
  })
  method('LabelValues', requests.LabelValues, (request) => {
    const range = timeRange(request)
    if (request.name === '') throw new Refusal(400, 'name is required')
    return listAnswer(distinct(index.series(matchersOf(request), range), request.name))
  })
  method('Series', requests.Series, (request) => {
    const series = index.series(matchersOf(request), timeRange(request))
    const { labelNames } = request
    const projected = series.map((labels) =>
      labels.project(labelNames.length > 0 ? labelNames : labels.names().filter(isPlain)),
    )
    const byKey = new Map(projected.map((labels) => [labels.key, labels]))
    const sorted = [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
    // Series without any of the labels are one empty set, unless there are no others.
    if (!sorted.some(({ pairs }) => pairs.length > 0)) return {}
    return {
      labelsSet: sorted.map((labels) => (labels.pairs.length === 0 ? {} : { labels: labelPairs(labels) })),
    }
  })
  method('SelectMergeStacktraces', requests.SelectMergeStacktraces, (request) =>
    flameGraphAnswer(index, selectionOf(request), maxNodesOf(request.maxNodes)),
  )
  method('SelectMergeSpanProfile', requests.SelectMergeSpanProfile, (request) => {
    const spans = parseSpanSelector(request.spanSelector)
    const selection = { ...selectionOf(request), ...(spans.length > 0 && { spans }) }
    // Unlike a merge of all stacks, which is then one empty bar.
    if (index.series(selection.matchers, selection.range).length === 0) return {}
    return flameGraphAnswer(index, selection, maxNodesOf(request.maxNodes))
  })
  method('SelectSeries', requests.SelectSeries, (request) => {
    const isAverage =
      request.aggregation === 1 || request.aggregation === 'TIME_SERIES_AGGREGATION_TYPE_AVERAGE'
    const found = timeSeries(index, selectionOf(request), {
      stepMs: request.step * 1000,
      groupBy: request.groupBy,
      aggregation: isAverage ? 'average' : 'sum',
    })
    const sumOf = ({ points }: (typeof found)[number]): number =>
      points.reduce((sum, [, value]) => sum + value, 0)
    const largestFirst = found.sort((a, b) => sumOf(b) - sumOf(a))
    const limited = largestFirst.slice(0, request.limit || largestFirst.length)
    const series = limited.map(({ labels, points }) => ({
      ...(labels.pairs.length > 0 && { labels: pairsInOrder(labels, request.groupBy) }),
      points: points.map(([timeMs, value]) => ({ value, timestamp: String(timeMs) })),
    }))
    return series.length === 0 ? {} : { series }
  })
  for (const name of UNSUPPORTED) {
    router.all(`${SERVICE}/${name}`, () => {
      throw new Refusal(501, `method ${name} is not supported by the embedded store`)
    })
  }
  return router
}

/** All must fit. */
function matchersOf({ matchers }: { matchers: readonly string[] }): Matcher[] {
  return matchers.flatMap(parseSelector)
}

/** Protobuf JSON: 64-bit integers are strings, zeros and empty lists are left out. */
function flameGraphAnswer(index: ProfileIndex, selection: SampleSelection, maxNodes: number): unknown {
  const { names, levels, total, maxSelf } = encodeFlameGraph(mergeStacks(index, selection), maxNodes)
  return {
    flamegraph: {
      names,
      levels: levels.map((values) => ({ values: values.map(String) })),
      ...(total !== 0 && { total: String(total) }),
      ...(maxSelf !== 0 && { maxSelf: String(maxSelf) }),
    },
  }
}

function listAnswer(names: readonly string[]): unknown {
  return names.length === 0 ? {} : { names }
}

function distinct(series: readonly Labels[], name: string): string[] {
  return [...new Set(series.map((labels) => labels.get(name)))].filter((value) => value !== '').sort()
}

function labelPairs({ pairs }: Labels): unknown {
  return pairs.map(([name, value]) => ({ name, value }))
}

function pairsInOrder(labels: Labels, names: readonly string[]): unknown {
  return names.map((name) => ({ name, value: labels.get(name) })).filter(({ value }) => value !== '')
}

const isPlain = (name: string): boolean => PLAIN_NAME.test(name)

async function readJson(context: Context): Promise<unknown> {
  const { type } = context.request
  if (type !== 'application/json') {
    throw new Refusal(400, `content type "${type}" is not supported by the embedded store, JSON is`)
  }
  const body = await readBody(context, MAX_REQUEST_BYTES)
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new Refusal(400, 'the body is not valid JSON')
  }
}
