/**
 * A drill as data: a file in `drills/` exports one. The engine knows how to inject, ask and judge; the drill says what.
 */

import type { OtelServiceName, ProxyName, ServiceName } from '@faultline/runtime'
import type { ObjectiveName } from '@faultline/slo'

/** One thing that is done to the running kit, and how it is undone. */
export type Fault =
  | {
      readonly kind: 'toxic'
      readonly proxy: ProxyName
      /** `latency`, `timeout`, `bandwidth` … */
      readonly type: string
      readonly stream?: 'upstream' | 'downstream'
      readonly attributes: Readonly<Record<string, number>>
    }
  | {
      readonly kind: 'sql'
      /** Run as the database's owner, each in a transaction of its own. Undoing twice must do no harm. */
      readonly inject: readonly string[]
      readonly undo: readonly string[]
    }
  | {
      readonly kind: 'signal'
      readonly component: ServiceName
      readonly inject: NodeJS.Signals
      /** `SIGCONT` after a `SIGSTOP`; without it the component is restarted. */
      readonly undo?: NodeJS.Signals
    }
  | Flag

/** A feature flag set to a value; undone by giving it back its default. */
export interface Flag {
  readonly kind: 'flag'
  readonly name: string
  readonly value: string | boolean
}

/** A value that shows something. */
type Threshold = { readonly above: number } | { readonly below: number }

interface EvidenceBase {
  /** Unique in the drill, in kebab case. */
  readonly id: string
  /** What it shows, as a sentence for a post-mortem. */
  readonly shows: string
  readonly threshold: Threshold
  /** Why the threshold is where it is. */
  readonly because: string
}

export interface MetricEvidence extends EvidenceBase {
  readonly signal: 'metrics'
  readonly promql: string
  readonly unit: 'ratio' | 'seconds' | 'per second' | 'count'
  /** What of a phase counts: the worst moment (default), or the middle one. */
  readonly reduce?: 'max' | 'median'
}

interface LogEvidence extends EvidenceBase {
  readonly signal: 'logs'
  /** A log query; its value is the number of lines in the phase. */
  readonly logql: string
}

export interface TraceEvidence extends EvidenceBase {
  readonly signal: 'traces'
  /** Its value is the number of traces in the phase that match. */
  readonly traceql: string
}

export interface ProfileEvidence extends EvidenceBase {
  readonly signal: 'profiles'
  /** As Pyroscope names it: `process_cpu:cpu:nanoseconds:cpu:nanoseconds`. */
  readonly profileType: string
  readonly selector: string
  /** Regular expression of a function's name. The value is the share of the whole that it and what it calls take. */
  readonly frame: string
}

export type Evidence = MetricEvidence | LogEvidence | TraceEvidence | ProfileEvidence

/** An explanation that looks right and is wrong. */
interface RedHerring {
  readonly explanation: string
  readonly looksRightBecause: string
  /** What would be so if it were true is not so: asked over the fault. */
  readonly refutedBy: Omit<MetricEvidence, 'signal' | 'id'>
}

/** Where the cause is, as the stored trace of the fault shows it. */
export interface Cause {
  readonly service: OtelServiceName
  /** Regular expression of the span's name. */
  readonly span: string
  /** The function or statement, for people. */
  readonly statement: string
  readonly explanation: string
  /** TraceQL that finds traces in which it stands. */
  readonly traceql: string
}

/** How the system comes back once the fault is gone. */
type Recovery =
  | {
      /** By itself. */
      readonly kind: 'returns'
    }
  | {
      /** It does not: for so long it stays bad without the fault, and returns when the protection is switched on. */
      readonly kind: 'metastable'
      readonly staysBadSeconds: number
      /** Error ratio that counts as staying bad. */
      readonly errorRatioAbove: number
      /** Error ratio at which it counts as returned. */
      readonly recoveredBelow: number
      /** Bad share of requests over a few seconds. */
      readonly promql: string
      readonly returnsWithinSeconds: number
    }

interface Protection {
  readonly title: string
  readonly explanation: string
  /** What is honest to say about its price. */
  readonly price: string
  /** How the system is without it: set before the baseline, undone to switch the protection on. */
  readonly without: readonly Flag[]
}

export interface Drill {
  readonly name: string
  readonly title: string
  /** What whoever runs it learns. */
  readonly teaches: string
  /** Load that runs through all phases. */
  readonly load: {
    /** File in `loadtests/src`, without its ending. */
    readonly scenario: string
    /** Iterations a second, set far below what the kit can take, so that a drill means the same on any machine. */
    readonly rate: number
  }
  readonly faults: readonly Fault[]
  readonly evidence: readonly Evidence[]
  /**
   * Every objective that the fault harms: whether slow answers are late or given up depends on the machine. At each
   * moment the worst of them counts, and the first of their pages that arrives is the page.
   */
  readonly objectives: readonly [ObjectiveName, ...ObjectiveName[]]
  readonly cause: Cause
  readonly redHerrings: readonly RedHerring[]
  readonly recovery: Recovery
  readonly protection: Protection
  readonly seconds: {
    readonly baseline: number
    /** At least; it goes on until all evidence is there and the page has arrived, up to {@link Drill.seconds.faultAtMost}. */
    readonly fault: number
    readonly faultAtMost: number
    readonly recoveryAtMost: number
    readonly cure: number
  }
}

export function thresholdText(threshold: Threshold): string {
  return 'above' in threshold ? `above ${threshold.above}` : `below ${threshold.below}`
}

export function isBeyond(value: number, threshold: Threshold): boolean {
  return 'above' in threshold ? value > threshold.above : value < threshold.below
}

/** A drill contradicts itself; the message names what. */
export class DrillInvalid extends Error {
  override readonly name = 'DrillInvalid'
}

/**
 * Takes a drill's definition.
 * @throws DrillInvalid when it could not be judged
 */
export function defineDrill<const Definition extends Drill>(drill: Definition): Definition {
  const wrong = (what: string): never => {
    throw new DrillInvalid(`drill ${drill.name}: ${what}`)
  }
  if (!/^[a-z][a-z0-9-]*$/.test(drill.name)) wrong('the name is not in kebab case')
  const ids = drill.evidence.map(({ id }) => id)
  const twice = ids.find((id, i) => ids.indexOf(id) !== i)
  if (twice !== undefined) wrong(`evidence "${twice}" is there twice`)
  const signals = new Set(drill.evidence.map(({ signal }) => signal))
  // Profiles are left to drills whose fault costs time in a process of the kit.
  const missing = (['metrics', 'logs', 'traces'] as const).filter((signal) => !signals.has(signal))
  if (missing.length > 0) wrong(`no evidence in ${missing.join(', ')}`)
  if (drill.faults.length === 0) wrong('there is no fault')
  if (drill.seconds.fault > drill.seconds.faultAtMost) wrong('the fault lasts longer than at most')
  for (const evidence of drill.evidence) {
    if (evidence.signal !== 'profiles') continue
    try {
      new RegExp(evidence.frame)
    } catch {
      wrong(`evidence "${evidence.id}": ${evidence.frame} is not a regular expression`)
    }
  }
  return drill
}
