import { randomBytes, randomUUID } from 'node:crypto'
import { createBackends } from '@faultline/backends-client'
import type { Endpoints } from '@faultline/runtime'
import { attributes, logRecord, logs, send, span, traces } from '@faultline/test-support/otlp'

/** A backend that keeps one signal, and pieces of that signal by number. */
export interface Keeper {
  /** Sends one piece to the collector; rejects unless that accepts it. */
  send(): Promise<void>
  /** How many of the pieces that were sent are found by a query. */
  found(): Promise<number>
}

export type KeeperName = 'prometheus' | 'loki' | 'tempo' | 'pyroscope'

const METRIC = 'test_accepted_points'
const CPU = 'process_cpu:cpu:nanoseconds:cpu:nanoseconds'
/** CPU time of a piece, in ns. */
const PIECE_NANOS = 1_000_000

/** Pieces of the signal that a backend keeps, of a service that only they are of. */
export function keeper(name: KeeperName, endpoints: Endpoints): Keeper {
  const { prometheus, loki, tempo, pyroscope } = createBackends(endpoints)
  const service = `test-${randomUUID()}`
  const post = (path: string, body: unknown) => send(endpoints.collectorOtlpHttp, path, body)
  const resource = { attributes: attributes({ 'service.name': service }) }
  const range = () => ({ startMs: Date.now() - 600_000, endMs: Date.now() + 60_000 })
  let lastMs = 0
  /** No two pieces are of the same millisecond: a backend may take them for one. */
  const timeUnixNano = () => {
    lastMs = Math.max(lastMs + 1, Date.now())
    return String(BigInt(lastMs) * 1_000_000n)
  }
  const traceIds: string[] = []

  const keepers: Record<KeeperName, Keeper> = {
    prometheus: {
      send: () => {
        const gauge = { dataPoints: [{ timeUnixNano: timeUnixNano(), asInt: '1' }] }
        const scopeMetrics = [{ metrics: [{ name: METRIC, gauge }] }]
        return post('/v1/metrics', { resourceMetrics: [{ resource, scopeMetrics }] })
      },
      async found() {
        const [series] = await prometheus.query(
          `sum(count_over_time(${METRIC}{service_name="${service}"}[10m]))`,
        )
        return series?.value ?? 0
      },
    },
    loki: {
      send: () => post('/v1/logs', logs([logRecord(timeUnixNano())], service)),
      async found() {
        const lines = await loki.queryRange(`{service_name="${service}"}`, { ...range(), limit: 1_000 })
        return lines.entries.length
      },
    },
    tempo: {
      send: () => {
        const traceId = randomBytes(16).toString('hex')
        traceIds.push(traceId)
        const kept = span({ traceId, kind: 'internal', attributes: { 'sampling.keep': true } })
        return post('/v1/traces', traces([kept], service))
      },
      async found() {
        const all = await Promise.all(traceIds.map((id) => tempo.trace(id)))
        return all.filter((trace) => trace !== undefined).length
      },
    },
    pyroscope: {
      send: () => post('/v1development/profiles', profile(service, timeUnixNano())),
      found: async () =>
        (await pyroscope.mergeStacktraces(CPU, `{service_name="${service}"}`, range())).total / PIECE_NANOS,
    },
  }
  return keepers[name]
}

/** One sample of one function. Row 0 of every table is the empty one. */
function profile(service: string, timeUnixNano: string) {
  const named = { attributes: attributes({ 'service.name': service }) }
  const one = {
    sampleType: { typeStrindex: 1, unitStrindex: 2 },
    periodType: { typeStrindex: 3, unitStrindex: 4 },
    period: '1',
    timeUnixNano,
    durationNano: '1000000',
    samples: [{ stackIndex: 1, attributeIndices: [1], values: [String(PIECE_NANOS)] }],
  }
  return {
    resourceProfiles: [{ resource: named, scopeProfiles: [{ profiles: [one] }] }],
    dictionary: {
      stringTable: ['', 'samples', 'count', 'cpu', 'nanoseconds', 'work', 'service.name'],
      attributeTable: [{}, { keyStrindex: 6, value: { stringValue: service } }],
      linkTable: [{}],
      functionTable: [{}, { nameStrindex: 5 }],
      locationTable: [{}, { lines: [{ functionIndex: 1, line: '1' }] }],
      stackTable: [{}, { locationIndices: [1] }],
      mappingTable: [{}],
    },
  }
}
