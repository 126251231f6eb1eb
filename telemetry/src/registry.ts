/**
 * The registry of names, `telemetry/registry`, as generators and tests need it. The format is OpenTelemetry Weaver's:
 * https://github.com/open-telemetry/weaver/blob/main/schemas/semconv-syntax.md
 */
import { readdirSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'

export const ROOT = new URL('../../', import.meta.url)

const reference = z.strictObject({
  ref: z.string(),
  brief: z.string().optional(),
  requirement_level: z.union([
    z.enum(['required', 'recommended']),
    z.strictObject({ conditionally_required: z.string() }),
  ]),
})
const definition = z.strictObject({
  id: z.string(),
  type: z.enum(['string', 'int', 'double', 'boolean', 'string[]']),
  stability: z.literal('stable'),
  brief: z.string(),
  examples: z.array(z.unknown()),
})
const common = { id: z.string(), brief: z.string() }
const signal = {
  ...common,
  stability: z.enum(['stable', 'development']),
  attributes: z.array(reference).default([]),
}
const group = z.discriminatedUnion('type', [
  z.strictObject({
    ...common,
    type: z.literal('attribute_group'),
    extends: z.string().optional(),
    attributes: z.array(z.union([reference, definition])),
  }),
  z.strictObject({
    ...signal,
    type: z.literal('metric'),
    metric_name: z.string(),
    instrument: z.enum(['counter', 'updowncounter', 'gauge', 'histogram']),
    unit: z.string(),
    entity_associations: z.array(z.enum(['service', 'service.instance'])).default([]),
    annotations: z.strictObject({
      emitted_by: z.array(z.string()),
      /** Where Prometheus has another name than the rules give it. */
      prometheus_name: z.string().optional(),
    }),
  }),
  z.strictObject({
    ...signal,
    type: z.literal('span'),
    span_kind: z.string(),
    extends: z.string(),
  }),
  z.strictObject({ ...signal, type: z.literal('event'), name: z.string() }),
])

export type Group = z.infer<typeof group>
export type Attribute = z.infer<typeof reference> | z.infer<typeof definition>
export type Kind = 'counter' | 'gauge' | 'histogram'

/** A metric as Prometheus has it; a histogram stands for its `_bucket`, `_sum` and `_count` series. */
export interface RegisteredMetric {
  /** In the conventions' spelling, with dots. */
  readonly name: string
  readonly storedName: string
  readonly kind: Kind
  readonly unit: string
  readonly labels: readonly string[]
  readonly brief: string
  /** Services, programs, and packages that do so in every service which uses them. */
  readonly emittedBy: readonly string[]
}

const folder = new URL('telemetry/registry/', ROOT)

/** The groups of each file of the registry, in order. */
export const files: ReadonlyMap<string, readonly Group[]> = new Map(
  readdirSync(folder)
    .filter((file) => file.endsWith('.yaml') && file !== 'manifest.yaml')
    .sort()
    .map((file) => {
      const { groups } = z
        .strictObject({ groups: z.array(group) })
        .parse(parse(readFileSync(new URL(file, folder), 'utf8')))
      return [file.replace('.yaml', ''), groups]
    }),
)

export const groups: readonly Group[] = [...files.values()].flat()

/** The metrics among some groups. */
export const metricsOf = (of: readonly Group[]): RegisteredMetric[] =>
  of
    .filter((each) => each.type === 'metric')
    .map((metric) => ({
      name: metric.metric_name,
      storedName: metric.annotations.prometheus_name ?? storedName(metric),
      kind: metric.instrument === 'updowncounter' ? 'gauge' : metric.instrument,
      unit: metric.unit,
      labels: [
        ...metric.entity_associations.flatMap((entity) => entityLabels[entity]),
        ...metric.attributes.map(({ ref }) => underscored(ref)),
      ],
      brief: metric.brief,
      emittedBy: metric.annotations.emitted_by,
    }))

/** Fields of log records, as Loki spells them. */
export function logLabels(): string[] {
  const ofLogs = groups.filter(({ id }) => id.startsWith('log.') || id.startsWith('event.'))
  return [...new Set(ofLogs.flatMap(({ attributes }) => attributes.map((each) => underscored(nameOf(each)))))]
}

export const nameOf = (attribute: Attribute): string => ('ref' in attribute ? attribute.ref : attribute.id)

export const underscored = (name: string): string => name.replaceAll(/[^\w:]/g, '_')

export const entityLabels = {
  service: ['service_name'],
  'service.instance': ['service_name', 'service_instance_id'],
} as const

const unitSuffixes: Readonly<Record<string, string>> = { s: '_seconds', ms: '_milliseconds', By: '_bytes' }

/** @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/ */
function storedName(metric: Pick<Extract<Group, { type: 'metric' }>, 'metric_name' | 'unit' | 'instrument'>) {
  const { metric_name: name, unit, instrument } = metric
  return underscored(name) + (unitSuffixes[unit] ?? '') + (instrument === 'counter' ? '_total' : '')
}
