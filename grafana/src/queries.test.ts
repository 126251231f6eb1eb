import { parser as logql } from '@grafana/lezer-logql'
import { parser as traceql } from '@grafana/lezer-traceql'
import { parser as promql } from '@prometheus-io/lezer-promql'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { logLabels, type Metric, metrics } from './generated/signals.ts'
import { profileTypes } from './panels/evidence.ts'
import { quantile, rate, select, shareOf, sumBy } from './queries/promql.ts'
import { builtIns, dashboards, substituted, syntax, targets, variablesIn } from './test-support.ts'
import { pluginIds } from './variables.ts'

const ofType = (type: string) => targets.filter(({ target }) => target.datasource.type === type)

const labelOfVariable = /^label_values\((?<selector>.+), (?<label>\w+)\)$/

/** PromQL outside panels: annotations, and what fills the variables. */
const otherPromql = dashboards.flatMap(({ uid, annotations, templating }) => [
  ...annotations.list.map(({ name, expr }) => [`${uid} / annotation ${name}`, expr] as const),
  ...templating.list.flatMap(({ name, type, query }) => {
    if (type !== 'query' || typeof query !== 'object') return []
    return [[`${uid} / variable ${name}`, labelOfVariable.exec(query.query)?.groups?.selector ?? ''] as const]
  }),
])

const promqlQueries = [
  ...ofType(pluginIds.prometheus).map(({ where, target }) => [where, target.expr ?? ''] as const),
  ...otherPromql,
]
const logqlQueries = ofType(pluginIds.loki).map(({ where, target }) => [where, target.expr ?? ''] as const)
const traceqlQueries = ofType(pluginIds.tempo)
  .filter(({ target }) => target.queryType === 'traceql')
  .map(({ where, target }) => [where, target.query ?? ''] as const)

/** The declared metric behind the name of a series. */
function declared(series: string): Metric | undefined {
  const byName: Readonly<Record<string, Metric>> = metrics
  const metric = byName[series]
  if (metric) return metric.kind === 'histogram' ? undefined : metric
  const histogram = byName[series.replace(/_(bucket|sum|count)$/, '')]
  return histogram?.kind === 'histogram' ? histogram : undefined
}

describe('PromQL', () => {
  it.each(promqlQueries)('%s parses', (_, query) => {
    const text = substituted(query)
    expect(text).not.toBe('')
    expect(syntax(promql.parse(text), text).valid).toBe(true)
  })

  it.each(promqlQueries)('%s asks for declared metrics and their labels only', (_, query) => {
    const text = substituted(query)
    const { texts } = syntax(promql.parse(text), text)
    const series = texts('Identifier')
    expect(series.length).toBeGreaterThan(0)
    const allowed = new Set(['le'])
    for (const name of series) {
      const metric = declared(name)
      expect(metric, name).toBeDefined()
      for (const label of metric?.labels ?? []) allowed.add(label)
    }
    for (const label of texts('LabelName')) expect([...allowed], text).toContain(label)
  })

  it.each(promqlQueries)('%s invents no data', (_, query) => {
    expect(query).not.toMatch(/\bvector\s*\(|\babsent|\*\s*0\b|\bor\s+on\s*\(\)/)
  })

  it('follows the zoom: every rate is over $__rate_interval', () => {
    const windows = promqlQueries.flatMap(([, query]) =>
      [...query.matchAll(/\[([^\]]+)\]/g)].map(([, w]) => w),
    )
    expect(windows.length).toBeGreaterThan(10)
    expect(new Set(windows)).toEqual(new Set(['$__rate_interval']))
  })

  it('turns no gauge into a rate and no counter into a line', () => {
    for (const [where, query] of promqlQueries) {
      const text = substituted(query)
      const tree = promql.parse(text)
      tree.iterate({
        enter: ({ node }) => {
          if (node.name !== 'VectorSelector') return
          const name = text.slice(node.from, node.to).replace(/\{.*/s, '')
          const isCounter = declared(name)?.kind !== 'gauge'
          const inRange = node.parent?.name === 'MatrixSelector'
          const fillsVariable = where.includes('/ variable ')
          expect(inRange || fillsVariable, `${where}: ${name}`).toBe(isCounter)
        },
      })
    }
  })
})

describe('LogQL', () => {
  it.each(logqlQueries)('%s parses', (_, query) => {
    const text = substituted(query)
    expect(syntax(logql.parse(text), text).valid).toBe(true)
  })

  it.each(logqlQueries)('%s asks for declared labels only', (_, query) => {
    const text = substituted(query)
    const { texts } = syntax(logql.parse(text), text)
    const inTemplates = [...text.matchAll(/\{\{([^}]*)\}\}/g)].flatMap(([, action = '']) =>
      [...action.matchAll(/\.([a-z]\w*)/g)].map(([, name = '']) => name),
    )
    for (const label of [...texts('Identifier'), ...inTemplates]) expect(logLabels).toContain(label)
  })

  it('matches an index label in each query, without which Loki would read everything', () => {
    for (const [, query] of logqlQueries) expect(query).toMatch(/\{service_name(=|=~)"[^"]+"\}/)
  })
})

describe('TraceQL', () => {
  it.each(traceqlQueries)('%s parses', (_, query) => {
    const text = substituted(query)
    expect(syntax(traceql.parse(text), text).valid).toBe(true)
  })
})

describe('profiles', () => {
  it.each(ofType(pluginIds.pyroscope).map(({ where, target }) => [where, target] as const))(
    '%s asks for a known profile type of one service',
    (_, { profileTypeId, labelSelector }) => {
      expect(Object.values(profileTypes)).toContain(profileTypeId)
      expect(labelSelector).toBe('{service_name="$service"}')
    },
  )
})

describe('variables', () => {
  it.each(dashboards.map((dashboard) => [dashboard.uid, dashboard] as const))(
    '%s has every variable that its queries use',
    (uid, { templating, annotations }) => {
      const known = new Set([...builtIns, ...templating.list.map(({ name }) => name)])
      const used = targets
        .filter(({ dashboardUid }) => dashboardUid === uid)
        .flatMap(({ target: { expr = '', query = '', labelSelector = '', datasource } }) =>
          variablesIn(`${expr} ${query} ${labelSelector} ${datasource.uid}`),
        )
      const drawn = annotations.list.flatMap(({ expr, datasource }) =>
        variablesIn(`${expr} ${datasource.uid}`),
      )
      for (const name of new Set([...used, ...drawn])) expect([...known]).toContain(name)
    },
  )

  it('finds variables in both spellings, and none in a replacement', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's spelling
    expect(variablesIn('rate(x{a="$b"}[$__rate_interval]) ${c} "$1"')).toEqual(['b', '__rate_interval', 'c'])
  })
})

describe('select', () => {
  it('leaves the braces out where there is nothing to match', () => {
    expect(select('up')).toBe('up')
  })

  it('matches labels in their order', () => {
    expect(select('up', { service_name: '="a"', service_instance_id: '=~"b"' })).toBe(
      'up{service_name="a", service_instance_id=~"b"}',
    )
  })
})

describe('the shapes of PromQL', () => {
  const label = fc.constantFrom('service_name', 'http_route', 'peer_service')
  const matcher = fc.constantFrom('="a"', '!="a"', '=~"a|b"', '!~".*"')

  it('parse, whatever is matched and summed by', () => {
    fc.assert(
      fc.property(fc.array(label), fc.dictionary(label, matcher), (labels, matchers) => {
        const part = { label: 'error_type', inside: '!=""', outside: '=""' }
        for (const query of [
          sumBy(labels, rate('cache_requests_total', matchers)),
          quantile(0.95, 'http_server_request_duration_seconds', labels, matchers),
          shareOf('cache_requests_total', part, labels, matchers),
        ]) {
          const text = substituted(query)
          expect(syntax(promql.parse(text), text).valid, text).toBe(true)
        }
      }),
    )
  })
})
