import { parser as logql } from '@grafana/lezer-logql'
import { parser as promql } from '@prometheus-io/lezer-promql'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { metrics } from './generated/signals.ts'
import { profileTypes } from './panels/evidence.ts'
import { committed, syntax } from './test-support.ts'
import { backends, pluginIds } from './variables.ts'

interface DataSource {
  uid: string
  type: string
  url: string
  jsonData: Record<string, unknown>
}

const text = committed('provisioning/datasources/faultline.yaml')
const { datasources } = parse(text) as { datasources: DataSource[] }
const source = (uid: string): DataSource => {
  const found = datasources.find((candidate) => candidate.uid === uid)
  if (!found) throw new Error(`no data source ${uid}`)
  return found
}

/** Values at a key, anywhere below. */
function valuesOf(key: string, value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, child]) => [
    ...(name === key ? [child] : []),
    ...valuesOf(key, child),
  ])
}

/** What Grafana makes of a value: variables of the environment in place, `$$` as `$`. */
const expanded = (value: string): string => value.replaceAll('$$', '$')

describe('data sources', () => {
  it('are the four backends, by the uids that dashboards take as default', () => {
    expect(datasources.map(({ uid }) => uid)).toEqual([...backends])
    for (const uid of backends) expect(source(uid).type).toBe(pluginIds[uid])
  })

  it('have their URLs from the environment, and no other variable', () => {
    for (const uid of backends) expect(source(uid).url).toBe(`\${${uid.toUpperCase()}_URL}`)
    const withoutUrls = datasources.map(({ url: _, ...rest }) => rest)
    const dollars = JSON.stringify(withoutUrls).replaceAll('$$', '')
    expect(dollars).not.toContain('$')
  })

  it('lead only to data sources that exist', () => {
    const targets = valuesOf('datasourceUid', datasources)
    expect(targets.length).toBeGreaterThanOrEqual(6)
    for (const uid of targets) expect(backends).toContain(uid)
  })

  it('lead from an exemplar to its trace', () => {
    expect(source('prometheus').jsonData.exemplarTraceIdDestinations).toEqual([
      expect.objectContaining({ name: 'trace_id', datasourceUid: 'tempo' }),
    ])
  })

  it('lead from a log line to its trace, by the structured metadata', () => {
    const [field] = source('loki').jsonData.derivedFields as { url: string }[]
    expect(field).toMatchObject({ matcherType: 'label', matcherRegex: 'trace_id', datasourceUid: 'tempo' })
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's spelling
    expect(expanded(field?.url ?? '')).toBe('${__value.raw}')
  })

  it('lead from a trace to its lines, in LogQL that parses', () => {
    const { query, datasourceUid } = source('tempo').jsonData.tracesToLogsV2 as {
      query: string
      datasourceUid: string
    }
    expect(datasourceUid).toBe('loki')
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's spelling
    expect(expanded(query)).toContain('trace_id="${__trace.traceId}"')
    const sent = expanded(query).replace(/\$\{[^}]+\}/, '4bf92f3577b34da6a3ce929d0e0e4736')
    expect(syntax(logql.parse(sent), sent).valid).toBe(true)
  })

  it('lead from a span to metrics that exist, in PromQL that parses', () => {
    const { queries, datasourceUid } = source('tempo').jsonData.tracesToMetrics as {
      queries: { query: string }[]
      datasourceUid: string
    }
    expect(datasourceUid).toBe('prometheus')
    expect(queries.length).toBeGreaterThan(0)
    for (const { query } of queries) {
      const sent = expanded(query)
        .replace('$__tags', 'service_name="gateway"')
        .replace('$__rate_interval', '8s')
      const { valid, texts } = syntax(promql.parse(sent), sent)
      expect(valid, sent).toBe(true)
      for (const name of texts('Identifier')) {
        expect(Object.keys(metrics)).toContain(name.replace(/_(bucket|count)$/, ''))
      }
    }
  })

  it('lead from a span to the CPU profile of its service', () => {
    expect(source('tempo').jsonData.tracesToProfiles).toMatchObject({
      datasourceUid: 'pyroscope',
      profileTypeId: profileTypes.cpu,
      tags: [{ key: 'service.name', value: 'service_name' }],
    })
  })

  it('have the service graph', () => {
    expect(source('tempo').jsonData).toMatchObject({
      serviceMap: { datasourceUid: 'prometheus' },
      nodeGraph: { enabled: true },
    })
  })
})

describe('dashboard provider', () => {
  it('reads the folder that the environment names, and takes no changes from the browser', () => {
    const { providers } = parse(committed('provisioning/dashboards/faultline.yaml')) as {
      providers: { options: { path: string }; allowUiUpdates: boolean }[]
    }
    expect(providers).toHaveLength(1)
    expect(providers[0]).toMatchObject({
      allowUiUpdates: false,
      options: { path: '$'.concat('{GRAFANA_DASHBOARDS_DIR}') },
    })
  })
})
