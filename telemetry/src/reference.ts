/** `npm run telemetry:generate`: the registry for people, `docs/reference/telemetry.md`, with who reads each metric. */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { type Attribute, files, type Group, groups, metricsOf, nameOf, ROOT } from './registry.ts'

export const REFERENCE_PATH = 'docs/reference/telemetry.md'
const CONVENTIONS = 'https://opentelemetry.io/docs/specs/semconv/'

const titles: Readonly<Record<string, string>> = {
  telemetry: 'Metrics of every service',
  'prom-client': 'Metrics of processes with prom-client’s defaults',
  'service-kit': 'Metrics of what services share',
  services: 'Metrics of single services',
  stack: 'Metrics of the stack around the services',
}

/** Somebody who reads metrics, and the text in which their names stand. */
interface Reader {
  readonly name: string
  readonly text: string
  /** What `{__name__=~"…"}` asks for. */
  readonly patterns?: readonly RegExp[]
}

const sources = (pattern: string): string[] => globSync(pattern, { cwd: fileURLToPath(ROOT) }).sort()
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8')

function dashboardReaders(): Reader[] {
  return sources('grafana/dashboards/*.json').map((path) => {
    const { title } = JSON.parse(read(path)) as { title: string }
    const text = read(path)
    // Grafana itself asks for the metrics behind a service graph.
    const patterns = text.includes('"serviceMap"') ? [/^traces_service_graph_/] : []
    return { name: `dashboard ${title.replace('Faultline / ', '')}`, text, patterns }
  })
}

interface RuleFile {
  groups: { rules: { alert?: string; record?: string; expr: string }[] }[]
}

/** Recording rules of several windows count as one. */
function ruleReaders(): Reader[] {
  return ['backends/prometheus/rules/*.yaml', 'slo/rules/production/*.yaml']
    .flatMap(sources)
    .flatMap((path) =>
      (parse(read(path)) as RuleFile).groups.flatMap(({ rules }) =>
        rules.map(({ alert, record = '', expr }) => ({
          name:
            alert === undefined
              ? `rule ${record.replace(/(\d+[smhd]|_bucket|_sum|_count)$/, '')}`
              : `alert ${alert}`,
          text: expr,
          patterns: [...expr.matchAll(/__name__=~"([^"]+)"/g)].map(
            ([, pattern]) => new RegExp(`^(${pattern})$`),
          ),
        })),
      ),
    )
}

const ofCode = (pattern: string, name: (path: string) => string): Reader[] =>
  sources(pattern)
    .filter((path) => !/\.test\.ts$|\/test(ing)?\//.test(path))
    .map((path) => ({ name: name(path), text: read(path) }))

const readers: readonly Reader[] = [
  ...dashboardReaders(),
  ...ruleReaders(),
  ...ofCode('drills/*.ts', (path) => `drill ${basename(path, '.ts')}`),
  ...ofCode('drills/*/*.ts', (path) => `drill ${path.split('/')[1]}`),
  ...['verify', 'console', 'drill-engine', 'cli'].flatMap((name) =>
    ofCode(`packages/${name}/src/**/*.ts`, () => name),
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

const row = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
const code = (text: string): string => `\`${text}\``

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')
}

const metricTable = (of: readonly Group[]): string =>
  table(
    ['metric', 'in Prometheus', 'type, unit', 'labels', 'meaning', 'emitted by', 'read by'],
    metricsOf(of).map(({ name, storedName, kind, unit, labels, brief, emittedBy }) => [
      code(name),
      code(storedName),
      unit === '1' ? kind : `${kind}, ${unit}`,
      labels.map(code).join(' '),
      brief,
      emittedBy.join(', '),
      readersOf(storedName),
    ]),
  )

const definitions = new Map(
  groups.flatMap(({ attributes }) =>
    attributes.flatMap((each) => ('id' in each ? [[each.id, each.brief] as const] : [])),
  ),
)

function attributeRow(attribute: Attribute): string[] {
  const name = nameOf(attribute)
  const level = 'ref' in attribute ? attribute.requirement_level : 'recommended'
  return [
    code(name),
    attribute.brief ??
      definitions.get(name) ??
      `[upstream](${CONVENTIONS}registry/attributes/${name.split('.')[0]}/)`,
    typeof level === 'string' ? level : level.conditionally_required,
  ]
}

/** What is said of spans and log records: a table for each group. */
const attributeTables = (of: readonly Group[]): string =>
  of
    .map((each) => {
      const title = each.type === 'event' ? code(each.name) : code(each.id)
      const more =
        'extends' in each && each.extends !== undefined ? ` Also what \`${each.extends}\` has.` : ''
      const attributes = table(['attribute', 'meaning', 'when'], each.attributes.map(attributeRow))
      return `### ${title}\n\n${each.brief}.${more}${each.attributes.length > 0 ? `\n\n${attributes}` : ''}\n`.replace(
        '..',
        '.',
      )
    })
    .join('\n')

/** The page's text. */
export function referencePage(): string {
  const metrics = Object.entries(titles).map(
    ([file, title]) => `## ${title}\n\n${metricTable(files.get(file) ?? [])}\n`,
  )
  return `# Telemetry

Every metric, span attribute and log field of the kit. Written by \`npm run telemetry:generate\` from the registry
[\`telemetry/registry\`](../../telemetry/registry), which is in the format of [OpenTelemetry
Weaver](https://github.com/open-telemetry/weaver): change that. How a metric is added: [\`extending.md\`](../extending.md#adding-a-metric-with-a-panel).

A name with dots is that of the [semantic conventions](${CONVENTIONS}), or ours in their
style. Prometheus has it with underscores, unit and \`_total\`; a histogram is there as \`_bucket\`, \`_sum\` and \`_count\`.
What a package emits comes from every service that uses it.

${metrics.join('\n')}
## Spans

${attributeTables(files.get('spans') ?? [])}
## Log records

Loki has the names with underscores.

${attributeTables(files.get('logs') ?? [])}`
}

if (import.meta.main) writeFileSync(new URL(REFERENCE_PATH, ROOT), referencePage())
