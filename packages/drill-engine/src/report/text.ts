import type { MetricEvidence } from '../drill.ts'

/** Numbers as people read them in a report. */
export const percent = (ratio: number | undefined): string => {
  if (ratio === undefined) return 'no data'
  const value = ratio * 100
  return `${value !== 0 && value < 1 ? value.toPrecision(2) : value.toFixed(1)} %`
}

export const seconds = (value: number | undefined): string => {
  if (value === undefined) return '–'
  return value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(1)} s`
}

/** A measured value in the unit of its evidence. */
export function valueText(value: number | undefined, unit: MetricEvidence['unit'] | undefined): string {
  if (value === undefined) return 'no data'
  if (unit === 'ratio') return percent(value)
  if (unit === 'seconds') return seconds(value)
  return String(Number(value.toPrecision(3)))
}

export const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 19)
