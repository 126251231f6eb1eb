import type { Exemplar, ExemplarSeries, Labels } from '@faultline/backends-client'

/** Exemplars of every metric. */
export const ALL_EXEMPLARS = '{__name__=~".+"}'

/** An exemplar with the series that it is an example of. */
export interface PlacedExemplar extends Exemplar {
  readonly series: Labels
}

/** Every exemplar once, oldest first: the series of one request have it in several metrics. */
export function placedExemplars(series: readonly ExemplarSeries[]): PlacedExemplar[] {
  return series
    .flatMap(({ labels, exemplars }) => exemplars.map((exemplar) => ({ ...exemplar, series: labels })))
    .sort((a, b) => a.timeMs - b.timeMs)
}

/** An exemplar in a few words: of what, how old. */
export function describeExemplar({ series, traceId, timeMs }: PlacedExemplar, nowMs: number): string {
  const age = Math.round((nowMs - timeMs) / 1000)
  return `trace ${traceId} of ${series.__name__} on ${series.service_name ?? 'no service'}, ${age} s old`
}
