import type {
  FlameGraph,
  FlameNode,
  FoundTrace,
  LogEntry,
  RangeSeries,
  Trace,
} from '@faultline/backends-client'
import { type Evidence, isBeyond, type MetricEvidence } from '../drill.ts'

/** A phase, or a part of one. Epoch ms. */
export interface Window {
  readonly startMs: number
  readonly endMs: number
}

/** A flame graph of profiles that began in the window. */
export interface Profiled {
  readonly graph: FlameGraph
  readonly window: Window
}

/**
 * What the backends said about one piece of evidence in one window. It is judged by this alone, so a recorded answer is
 * judged as a fresh one is.
 */
export type Answer =
  | { readonly signal: 'metrics'; readonly series: readonly RangeSeries[] }
  | { readonly signal: 'logs'; readonly entries: readonly LogEntry[]; readonly limit: number }
  | {
      readonly signal: 'traces'
      readonly found: readonly FoundTrace[]
      readonly limit: number
      /** The slowest of them, whole, where it was stored. */
      readonly example: Trace | undefined
    }
  | ({
      readonly signal: 'profiles'
      /** What it is drawn against. */
      readonly before: Profiled | undefined
    } & Profiled)

/** What was asked about one piece of evidence, for the report and for recordings. */
export interface EvidenceAnswers {
  readonly baseline: Answer
  readonly fault: Answer
  /** At the end of the recovery. Undefined where the drill did not come that far. */
  readonly recovered: Answer | undefined
}

/** Evidence as measured in one window. */
export interface Measurement {
  /** Undefined where there is no data: that never counts as evidence. */
  readonly value: number | undefined
  readonly met: boolean
}

export interface Judgement {
  readonly baseline: Measurement
  readonly fault: Measurement
  readonly recovered: Measurement | undefined
  readonly status: EvidenceStatus
}

export type EvidenceStatus =
  /** Not in the baseline, there in the fault, gone again. */
  | 'met'
  /** The fault did not show. */
  | 'evidence-missing'
  /** It was there before the fault, so it shows something else. */
  | 'evidence-before-fault'
  /** The fault is gone and it is still there. */
  | 'evidence-remains'

/** The verdict on one piece of evidence, from answers alone. */
export function judge(evidence: Evidence, answers: EvidenceAnswers): Judgement {
  const measured = {
    baseline: evaluate(evidence, answers.baseline),
    fault: evaluate(evidence, answers.fault),
    recovered: answers.recovered && evaluate(evidence, answers.recovered),
  }
  return { ...measured, status: evidenceStatus(measured) }
}

/** What is missing is said first: nothing else about it matters then. */
export function evidenceStatus({ baseline, fault, recovered }: Omit<Judgement, 'status'>): EvidenceStatus {
  if (!fault.met) return 'evidence-missing'
  if (baseline.met) return 'evidence-before-fault'
  if (recovered?.met === true) return 'evidence-remains'
  return 'met'
}

/**
 * Measures evidence in what the backends answered.
 * @throws TypeError when the answer is one to a question of another signal
 */
export function evaluate(evidence: Evidence, answer: Answer): Measurement {
  const value = measure(evidence, answer)
  return { value, met: value !== undefined && isBeyond(value, evidence.threshold) }
}

function measure(evidence: Evidence, answer: Answer): number | undefined {
  if (evidence.signal === 'metrics' && answer.signal === 'metrics')
    return metricValue(answer.series, evidence)
  if (evidence.signal === 'logs' && answer.signal === 'logs') return answer.entries.length
  if (evidence.signal === 'traces' && answer.signal === 'traces') return answer.found.length
  if (evidence.signal === 'profiles' && answer.signal === 'profiles')
    return frameShare(answer.graph, new RegExp(evidence.frame))
  throw new TypeError(`evidence ${evidence.id} in ${evidence.signal} cannot be found in ${answer.signal}`)
}

/**
 * Value of series over a window. Of several series the most telling one counts: the highest where the threshold is a
 * floor, the lowest where it is a ceiling. Points that are no numbers say nothing.
 */
export function metricValue(
  series: readonly RangeSeries[],
  { reduce = 'max', threshold }: Pick<MetricEvidence, 'reduce' | 'threshold'>,
): number | undefined {
  const highest = 'above' in threshold
  const values = series.flatMap(({ samples }) => {
    const points = samples.map(({ value }) => value).filter((value) => Number.isFinite(value))
    const one = reduce === 'median' ? median(points) : worst(points, highest)
    return one === undefined ? [] : [one]
  })
  return worst(values, highest)
}

function worst(values: readonly number[], highest: boolean): number | undefined {
  if (values.length === 0) return undefined
  return highest ? Math.max(...values) : Math.min(...values)
}

function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)]
}

/** Share of the whole that functions and what they call take. Where nothing was profiled nothing is known of them either. */
export const frameShare = ({ root, total }: FlameGraph, frame: RegExp): number | undefined =>
  total === 0 ? undefined : frameTotal(root, frame) / total

/** A function within itself is not counted twice. */
function frameTotal(node: FlameNode, frame: RegExp): number {
  if (frame.test(node.name)) return node.total
  return node.children.reduce((sum, child) => sum + frameTotal(child, frame), 0)
}
