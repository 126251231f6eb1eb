import { parser } from '@prometheus-io/lezer-promql'
import { parse, YAMLParseError } from 'yaml'
import { z } from 'zod'

/** What an objective counts: all events, and those of them that were bad, or good. Each is the selector of a counter. */
export type Indicator =
  | { readonly kind: 'bad'; readonly bad: string; readonly total: string }
  | { readonly kind: 'good'; readonly good: string; readonly total: string }

export interface Objective {
  /** The label `slo` of all its series. */
  readonly name: string
  /** For people: `Catalog availability`. */
  readonly displayName: string
  readonly service: string
  /** Share of events that must not be bad, above 0 and below 1. */
  readonly target: number
  /** Share of events that may be bad. */
  readonly errorBudget: number
  /** Seconds within which an event is good; undefined where the objective is not about time. */
  readonly latencySeconds: number | undefined
  /** Length of the rolling window in days. */
  readonly windowDays: number
  readonly indicator: Indicator
  /** Names of its alerts. */
  readonly alerts: { readonly page: string; readonly ticket: string }
}

/**
 * Says what keeps `query` from being one plain series selector, which is what `rate(…[window])` can be
 * put around; `undefined` when nothing does.
 */
export function selectorProblem(query: string): string | undefined {
  const text = query.trim()
  const root = parser.parse(text).topNode
  let broken: number | undefined
  root.cursor().iterate((node) => {
    if (node.type.isError) broken ??= node.from
  })
  if (broken !== undefined) return `is no PromQL: it cannot be read at character ${broken + 1}`
  const only = root.firstChild
  if (only?.name !== 'VectorSelector' || only.to !== text.length) {
    return 'is more than a series selector: give the counter itself, the generator puts rate() and sum() around it'
  }
  return undefined
}

const query = z.string().superRefine((text, context) => {
  const problem = selectorProblem(text)
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
})

const metric = z
  .strictObject({
    metricSource: z.strictObject({
      type: z.literal('Prometheus'),
      spec: z.strictObject({ query }),
    }),
  })
  .transform((value) => value.metricSource.spec.query.trim())

const name = z
  .string()
  .regex(
    /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
    'must be lower case words joined by hyphens, such as catalog-latency',
  )

const ratioMetric = z
  .strictObject({
    counter: z.literal(true, 'must be true: the rules take rates of counters'),
    good: metric.optional(),
    bad: metric.optional(),
    total: metric,
  })
  .superRefine((value, context) => {
    if ((value.good === undefined) === (value.bad === undefined)) {
      context.addIssue({ code: 'custom', message: 'needs either good or bad beside total' })
    }
  })

const document = z.strictObject({
  apiVersion: z.literal('openslo/v1'),
  kind: z.literal('SLO'),
  metadata: z.strictObject({
    name,
    displayName: z.string().min(1).max(63),
    labels: z.record(z.string(), z.unknown()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.strictObject({
    description: z.string().max(1_050).optional(),
    service: name,
    indicator: z.strictObject({
      metadata: z.strictObject({ name, displayName: z.string().optional() }),
      spec: z.strictObject({ description: z.string().optional(), ratioMetric }),
    }),
    timeWindow: z.tuple(
      [
        z.strictObject({
          duration: z
            .string()
            .regex(/^[1-9]\d{0,2}d$/, 'must be days, such as 30d')
            .transform((text) => Number.parseInt(text, 10)),
          isRolling: z.literal(true, 'must be true: budgets of calendar months are not supported'),
        }),
      ],
      'must hold exactly one window',
    ),
    budgetingMethod: z.literal(
      'Occurrences',
      'must be Occurrences: the share of bad events, not of bad minutes',
    ),
    objectives: z.tuple(
      [
        z.strictObject({
          displayName: z.string().optional(),
          target: z
            .number()
            .gt(0)
            .lt(1, 'must be below 1: without any budget there is nothing to burn')
            .refine((value) => 1 - value >= 1e-6, 'leaves a budget of less than one in a million'),
        }),
      ],
      'must hold exactly one objective',
    ),
  }),
})

/** An objective's file cannot be used; the message names the file, the places in it and what to do. */
export class ObjectiveError extends Error {
  override readonly name = 'ObjectiveError'
  readonly problems: readonly string[]

  constructor(file: string, problems: readonly string[]) {
    super(`${file}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

function place(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  )
}

/**
 * Reads one OpenSLO v1 document of kind SLO: the ratio of two Prometheus counters over a rolling window.
 *
 * @param file only for the message of an error
 * @throws ObjectiveError for text that is no YAML, and for what the generator has no rules for
 * @see https://github.com/OpenSLO/OpenSLO/tree/v1.0.0#slo
 */
export function parseObjective(text: string, file: string): Objective {
  let source: unknown
  try {
    source = parse(text)
  } catch (error) {
    if (error instanceof YAMLParseError) throw new ObjectiveError(file, [error.message])
    throw error
  }
  const result = document.safeParse(source)
  if (!result.success) {
    throw new ObjectiveError(
      file,
      result.error.issues.map((issue) => `${place(issue.path) || 'document'}: ${issue.message}`),
    )
  }
  const { metadata, spec } = result.data
  const { good, bad, total } = spec.indicator.spec.ratioMetric
  const { target } = spec.objectives[0]
  const bound = /[{,]\s*le="([\d.]+)"/.exec(good ?? '')?.[1]
  // catalog-latency gives CatalogLatency
  const alert = metadata.name.replace(/(?:^|-)([a-z0-9])/g, (_, first: string) => first.toUpperCase())
  return {
    name: metadata.name,
    displayName: metadata.displayName,
    service: spec.service,
    target,
    // 1 - 0.99 is 0.010000000000000009: cut off what floating point added.
    errorBudget: Number((1 - target).toPrecision(9)),
    latencySeconds: bound === undefined ? undefined : Number(bound),
    windowDays: spec.timeWindow[0].duration,
    indicator: bad === undefined ? { kind: 'good', good: good ?? '', total } : { kind: 'bad', bad, total },
    alerts: { page: `${alert}FastBurn`, ticket: `${alert}SlowBurn` },
  }
}
