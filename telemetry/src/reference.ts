/** `npm run telemetry:generate`: the registry for people, `docs/reference/telemetry.md`, with who reads each metric. */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { type Attribute, files, type Group, groups, metricsOf, nameOf, ROOT } from './registry.ts'

export const REFERENCE_PATH = 'docs/reference/telemetry.md'
const CONVENTIONS = 'https://opentelemetry.io/docs/specs/semconv/'

/** Somebody who reads metrics, and the text in which their names stand. */
interface Reader {
  readonly name: string
  readonly text: string
  /** What `{__name__=~"…"}` asks for. */
  readonly patterns?: readonly RegExp[]
}

interface RuleFile {
  groups: { rules: { alert?: string; record?: string; expr: string }[] }[]
}

/** Files of the repository, with their text. */
const sources = (...patterns: string[]): { path: string; text: string }[] =>
  globSync(patterns, { cwd: fileURLToPath(ROOT) })
    .filter((path) => !/\.test\.ts$|\/test(ing)?\//.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(new URL(path, ROOT), 'utf8') }))

const readers: readonly Reader[] = [
  ...sources('grafana/dashboards/*.json').map(({ text }) => ({
    name: `dashboard ${JSON.parse(text).title.replace('Faultline / ', '')}`,
    text,
    // Grafana itself asks for the metrics behind a service graph.
    patterns: text.includes('"serviceMap"') ? [/^traces_service_graph_/] : [],
  })),
  ...sources('backends/prometheus/rules/*.yaml', 'slo/rules/production/*.yaml')
    .flatMap(({ text }) => (parse(text) as RuleFile).groups.flatMap(({ rules }) => rules))
    .map(({ alert, record = '', expr }) => ({
      // Recording rules of several windows count as one.
      name: alert ? `alert ${alert}` : `rule ${record.replace(/(\d+[smhd]|_bucket|_sum|_count)$/, '')}`,
      text: expr,
      patterns: [...expr.matchAll(/__name__=~"([^"]+)"/g)].map(([, pattern]) => new RegExp(`^(${pattern})$`)),
    })),
  ...sources('drills/*.ts').map(({ path, text }) => ({ name: `drill ${basename(path, '.ts')}`, text })),
  ...['verify', 'drill-engine', 'cli'].flatMap((name) =>
    sources(`packages/${name}/src/**/*.ts`).map(({ text }) => ({ name, text })),
  ),
]

/** Who reads a metric: by its name, by one of its series or, in PromQL, by a pattern of names. */
function readersOf(storedName: string): string {
  // A name that is also an English word counts only as a selector.
  const selector = storedName.includes('_') ? '' : '(?=[{[)]| [=<>])'
  const named = new RegExp(`(?<![\\w:])${storedName}(_bucket|_sum|_count)?(?![\\w:])${selector}`)
  const reads = ({ text, patterns = [] }: Reader): boolean =>
    named.test(text) || patterns.some((pattern) => pattern.test(storedName))
  return [...new Set(readers.filter(reads).map(({ name }) => name))].join(', ')
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map(row).join('\n')
const code = (text: string): string => `\`${text}\``

function metricTable(title: string, file: string): string {
  const rows = metricsOf(files.get(file) ?? []).map((metric) => [
    code(metric.name),
    code(metric.storedName),
    metric.unit === '1' ? metric.kind : `${metric.kind}, ${metric.unit}`,
    metric.labels.map(code).join(' '),
    metric.brief,
    metric.emittedBy.join(', '),
    readersOf(metric.storedName),
  ])
  const head = ['metric', 'in Prometheus', 'type, unit', 'labels', 'meaning', 'emitted by', 'read by']
  return `## ${title}\n\n${table(head, rows)}\n`
}

const definitions = new Map(
  groups.flatMap(({ attributes }) =>
    attributes.flatMap((each) => ('id' in each ? [[each.id, each.brief] as const] : [])),
  ),
)

function attributeRow(attribute: Attribute): string[] {
  const name = nameOf(attribute)
  const level = 'ref' in attribute ? attribute.requirement_level : ''
  const upstream = `[upstream](${CONVENTIONS}registry/attributes/${name.split('.')[0]}/)`
  return [
    code(name),
    attribute.brief ?? definitions.get(name) ?? upstream,
    typeof level === 'string' ? level : level.conditionally_required,
  ]
}

/** What is said of a span or a log record. */
function attributeTable(group: Group): string {
  const more = group.extends === undefined ? '' : ` Also what ${code(group.extends)} has.`
  const attributes = group.attributes.map(attributeRow)
  return [
    `### ${code(group.type === 'event' ? group.name : group.id)}`,
    `${group.brief}.${more}`,
    ...(attributes.length > 0 ? [table(['attribute', 'meaning', 'when'], attributes)] : []),
  ].join('\n\n')
}

const attributeTables = (file: string): string => (files.get(file) ?? []).map(attributeTable).join('\n\n')

/** The page's text. */
export const referencePage = (): string => `# Telemetry

Every metric, span attribute and log field of the kit. Written by \`npm run telemetry:generate\` from the registry
[\`telemetry/registry\`](../../telemetry/registry), which is in the format of [OpenTelemetry
Weaver](https://github.com/open-telemetry/weaver): change that.
How a metric is added: [\`extending.md\`](../extending.md#adding-a-metric-with-a-panel).

A name with dots is that of the [semantic conventions](${CONVENTIONS}), or ours in their
style. Prometheus has it with underscores, unit and \`_total\`; a histogram is there as \`_bucket\`, \`_sum\` and \`_count\`.
What a package emits comes from every service that uses it.

${metricTable('Metrics of every service', 'telemetry')}
${metricTable('Metrics of processes with prom-client’s defaults', 'prom-client')}
${metricTable('Metrics of what services share', 'service-kit')}
${metricTable('Metrics of single services', 'services')}
${metricTable('Metrics of the stack around the services', 'stack')}
## Spans

${attributeTables('spans')}

## Log records

Loki has the names with underscores.

${attributeTables('logs')}
`

if (import.meta.main) writeFileSync(new URL(REFERENCE_PATH, ROOT), referencePage())
