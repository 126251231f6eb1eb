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
const common = {
  id: z.string(),
  brief: z.string(),
  extends: z.string().optional(),
  attributes: z.array(z.union([reference, definition])).default([]),
}
const signal = { ...common, stability: z.enum(['stable', 'development']) }
const group = z.discriminatedUnion('type', [
  z.strictObject({ ...common, type: z.literal('attribute_group') }),
  z.strictObject({
    ...signal,
    type: z.literal('metric'),
    metric_name: z.string(),
    instrument: z.enum(['counter', 'updowncounter', 'gauge', 'histogram']),
    unit: z.string(),
    entity_associations: z.array(z.enum(['service', 'service.instance'])).default([]),
    annotations: z.strictObject({
      /** Services, programs, and packages that do so in every service which uses them. */
      emitted_by: z.array(z.string()),
      /** Where Prometheus has another name than the rules give it. */
      prometheus_name: z.string().optional(),
    }),
  }),
  z.strictObject({ ...signal, type: z.literal('span'), span_kind: z.string() }),
  z.strictObject({ ...signal, type: z.literal('event'), name: z.string() }),
])

export type Group = z.infer<typeof group>
export type Attribute = Group['attributes'][number]

const folder = new URL('telemetry/registry/', ROOT)
const file = z.strictObject({ groups: z.array(group) })

/** @throws Error that names the file, and the place in it, when it is no file of a registry */
export function readGroups(text: string, name: string): readonly Group[] {
  let groups: unknown
  try {
    groups = parse(text)
  } catch (error) {
    throw new Error(`telemetry/registry/${name} is no YAML`, { cause: error })
  }
  const { data, error } = file.safeParse(groups)
  if (error) throw new Error(`telemetry/registry/${name}:\n${z.prettifyError(error)}`)
  return data.groups
}

/** The groups of each file of the registry, in order. */
export const files: ReadonlyMap<string, readonly Group[]> = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml') && name !== 'manifest.yaml')
    .sort()
    .map((name) => [
      name.replace('.yaml', ''),
      readGroups(readFileSync(new URL(name, folder), 'utf8'), name),
    ]),
)

export const groups: readonly Group[] = [...files.values()].flat()

export const nameOf = (attribute: Attribute): string => ('ref' in attribute ? attribute.ref : attribute.id)

const underscored = (name: string): string => name.replaceAll(/[^\w:]/g, '_')

/** Labels that the scrape adds, by what it knows. */
export const entityLabels = {
  service: ['service_name'],
  'service.instance': ['service_name', 'service_instance_id'],
} as const

const unitSuffixes: Readonly<Record<string, string>> = { s: '_seconds', ms: '_milliseconds', By: '_bytes' }

/**
 * The metrics among some groups, as Prometheus has them.
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
export const metricsOf = (of: readonly Group[]) =>
  of
    .filter((each) => each.type === 'metric')
    .map(({ metric_name: name, instrument, unit, brief, attributes, entity_associations, annotations }) => ({
      name,
      storedName:
        annotations.prometheus_name ??
        underscored(name) + (unitSuffixes[unit] ?? '') + (instrument === 'counter' ? '_total' : ''),
      kind: instrument === 'updowncounter' ? 'gauge' : instrument,
      unit,
      labels: [
        ...entity_associations.flatMap((entity) => entityLabels[entity]),
        ...attributes.map((each) => underscored(nameOf(each))),
      ],
      brief,
      emittedBy: annotations.emitted_by,
    }))

/** Fields of log records, as Loki spells them. */
export function logLabels(): string[] {
  const fields = (files.get('logs') ?? []).flatMap(({ attributes }) => attributes.map(nameOf))
  return [...new Set(fields)].map(underscored)
}
