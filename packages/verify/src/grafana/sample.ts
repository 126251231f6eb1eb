import type {
  Backends,
  Frame,
  FrameField,
  GrafanaQuery,
  InstantSeries,
  Labels,
} from '@faultline/backends-client'
import { drillClock } from '@faultline/slo'
import type { Target } from '../panels/dashboard.ts'
import { onlyLinesSince } from '../panels/logql.ts'
import { targetModel } from '../panels/run-target.ts'

/** A panel's query, to be asked of its backend and of Grafana. What it gives is compared as rows of text. */
export interface Sample {
  readonly target: Target
  /** With its variables put in. */
  readonly query: string
  /** The same for Grafana, without `refId` and data source. */
  readonly fields: Readonly<Record<string, unknown>>
  /** What the backend itself says. Rejects with a BackendError. */
  askBackend(): Promise<readonly string[]>
  /** The same rows from what Grafana says. */
  rowsOf(frames: readonly Frame[]): readonly string[]
  /** At this many rows a backend stops looking, so that which ones it found is a matter of chance. */
  readonly anyOf?: number
}

/** What is asked about: both ends lie in the past, in whole seconds (epoch ms), so that every answer is the same. */
export interface SampleOptions {
  readonly startMs: number
  readonly endMs: number
  /** Puts the variables into a query. */
  readonly put: (query: string) => string
}

const LIMIT = 20
/** Enough digits to tell one value from another, few enough for two ways of writing it. */
const DIGITS = 9
/** Windows up to this long are left as they are, in ms. */
const ANY_WINDOW_MS = 86_400_000

/** The sample that a target makes; undefined where Grafana computes it in the browser, or it reads no data. */
export function sampleOf(
  target: Target,
  { prometheus, loki, tempo, pyroscope }: Backends,
  { startMs, endMs, put }: SampleOptions,
): Sample | undefined {
  const { datasource, model } = target
  const { expr, query: traceql, queryType, profileTypeId, ...profile } = targetModel.parse(model)
  const range = { startMs, endMs, limit: LIMIT }
  if (datasource === 'prometheus') {
    const query = put(expr)
    return {
      target,
      query,
      fields: { expr: query, instant: true, range: false, exemplar: false, format: 'time_series' },
      askBackend: async () => seriesRows(await prometheus.query(query, { timeMs: endMs })),
      rowsOf: numberRows,
    }
  }
  if (datasource === 'loki') {
    const query = put(expr)
    const kind = onlyLinesSince(query, ANY_WINDOW_MS)?.kind
    if (kind === 'numbers') {
      return {
        target,
        query,
        fields: { expr: query, queryType: 'instant' },
        askBackend: async () => seriesRows(await loki.query(query, { timeMs: endMs })),
        rowsOf: numberRows,
      }
    }
    if (kind === undefined) return undefined
    const direction = 'backward'
    return {
      target,
      query,
      fields: { expr: query, queryType: 'range', maxLines: LIMIT, direction },
      async askBackend() {
        const { entries } = await loki.queryRange(query, { ...range, direction })
        return rows(entries.map(({ line }) => line))
      },
      // `body` where Grafana's feature flag for the newer shape of log frames is on
      rowsOf: (frames) => rows(valuesOf(frames, ({ name }) => name === 'Line' || name === 'body')),
    }
  }
  if (datasource === 'tempo' && queryType === 'traceql') {
    const query = put(traceql)
    return {
      target,
      query,
      fields: { query, queryType, limit: LIMIT, tableType: 'traces' },
      async askBackend() {
        const traces = await tempo.search(query, range)
        return rows(traces.map(({ traceId }) => traceRow(traceId)))
      },
      rowsOf: (frames) =>
        rows(valuesOf(frames, ({ name }) => name === 'traceID').map((id) => traceRow(String(id)))),
      anyOf: LIMIT,
    }
  }
  if (datasource === 'grafana-pyroscope-datasource' && queryType === 'profile') {
    const labelSelector = put(profile.labelSelector)
    const totalRow = (total: unknown) => (typeof total === 'number' && total > 0 ? [`total ${total}`] : [])
    return {
      target,
      query: `${profileTypeId} ${labelSelector}`,
      fields: { profileTypeId, labelSelector, groupBy: [], queryType },
      async askBackend() {
        const during = { startMs, endMs }
        return totalRow((await pyroscope.mergeStacktraces(profileTypeId, labelSelector, during)).total)
      },
      // a tree in the order of its depth: the first value is the root's
      rowsOf: (frames) => totalRow(valuesOf(frames, ({ name }) => name === 'value')[0]),
    }
  }
  return undefined
}

/** The query as Grafana takes it. */
export function toGrafana({ target, fields }: Sample, uid: string, refId: string): GrafanaQuery {
  return {
    refId,
    datasource: { type: target.datasource, uid },
    maxDataPoints: 100,
    intervalMs: drillClock.intervalMs,
    ...fields,
  }
}

function rows(all: readonly unknown[]): string[] {
  return all
    .filter((row) => row !== undefined)
    .map(String)
    .sort()
}

/** Undefined for what is no number: Grafana's frames do not tell NaN from the infinities. */
function seriesRow({ __name__: _, ...labels }: Labels, value: unknown): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined
  const pairs = Object.entries(labels).map(([name, text]) => `${name}="${text}"`)
  return `{${pairs.sort().join(', ')}} ${Number(value.toPrecision(DIGITS))}`
}

function seriesRows(series: readonly InstantSeries[]): string[] {
  return rows(series.map(({ labels, value }) => seriesRow(labels, value)))
}

/** One row for each value: a series is a column of numbers with labels. */
function numberRows(frames: readonly Frame[]): string[] {
  const numbers = frames.flatMap(({ fields }) => fields.filter(({ type }) => type === 'number'))
  return rows(numbers.flatMap(({ labels, values }) => values.map((value) => seriesRow(labels, value))))
}

/** Tempo leaves out leading zeros of an id, not in all of its answers. */
function traceRow(traceId: string): string {
  return traceId.padStart(32, '0')
}

function valuesOf(frames: readonly Frame[], wanted: (field: FrameField) => boolean): unknown[] {
  return frames.flatMap(({ fields }) => fields.find(wanted)?.values ?? [])
}
