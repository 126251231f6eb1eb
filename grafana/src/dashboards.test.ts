import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kitDashboard } from './dashboards/dashboard.ts'
import { generatedFiles } from './generate.ts'
import type { KitPanel } from './panels/panel.ts'
import {
  committed,
  type DashboardJson,
  dashboards,
  expectations,
  type PanelJson,
  targets,
} from './test-support.ts'
import { pluginIds } from './variables.ts'

const cases = dashboards.map((dashboard) => [dashboard.uid, dashboard] as const)
const panelsOf = ({ panels }: DashboardJson): PanelJson[] => panels.filter(({ type }) => type !== 'row')
const uids = new Set(dashboards.map(({ uid }) => uid))

it.each([...generatedFiles()])('%s is what npm run grafana:generate writes', (path, content) => {
  expect(committed(path)).toBe(content)
})

/** Panels without numbers of their own. */
const withoutUnit = ['logs', 'nodeGraph', 'flamegraph']
const isTraceList = ({ datasource, type }: PanelJson): boolean =>
  type === 'table' && datasource?.type === pluginIds.tempo

describe.each(cases)('dashboard %s', (_, dashboard) => {
  it('is of the schema that the SDK writes, with title and description', () => {
    expect(dashboard.schemaVersion).toBe(42)
    expect(dashboard.title).toMatch(/^Faultline \/ /)
    expect(dashboard.description).toBeTruthy()
  })

  it('says of every panel what it shows and where its data comes from', () => {
    for (const panel of panelsOf(dashboard)) {
      expect(panel.title, `panel ${panel.id}`).toBeTruthy()
      expect(panel.description?.length ?? 0, panel.title).toBeGreaterThan(15)
      expect(panel.datasource?.uid, panel.title).toMatch(/^\$\{(prometheus|loki|tempo|pyroscope)\}$/)
      expect(panel.targets?.length ?? 0, panel.title).toBeGreaterThan(0)
      for (const target of panel.targets ?? []) expect(target.datasource).toEqual(panel.datasource)
    }
  })

  it('gives every number a unit', () => {
    for (const panel of panelsOf(dashboard)) {
      if (withoutUnit.includes(panel.type) || isTraceList(panel)) continue
      expect(panel.fieldConfig?.defaults.unit, panel.title).toBeTruthy()
    }
  })

  it('has each panel id and each title once', () => {
    const ids = dashboard.panels.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const titles = dashboard.panels.map(({ title }) => title)
    const inRows = new Set(dashboard.panels.map(({ id, title }) => `${Math.floor(id / 100)} ${title}`))
    expect(inRows.size).toBe(titles.length)
  })

  it('lets no two panels overlap, and none leave the grid', () => {
    const taken = new Map<string, string>()
    for (const { gridPos, title } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.get(`${x},${y}`), `${title} at ${x},${y}`).toBeUndefined()
          taken.set(`${x},${y}`, title)
        }
      }
    }
  })

  it('names the queries of a panel apart, and gives every series a legend', () => {
    for (const { title, targets: queries = [], type } of panelsOf(dashboard)) {
      expect(new Set(queries.map(({ refId }) => refId)).size, title).toBe(queries.length)
      if (type !== 'timeseries' && type !== 'heatmap' && type !== 'stat') continue
      for (const { datasource, legendFormat } of queries) {
        if (datasource.type !== pluginIds.pyroscope) expect(legendFormat, title).toBeTruthy()
      }
    }
  })

  it('leads to dashboards that exist, with variables and time range', () => {
    const tabs = dashboard.links
    expect(tabs.length).toBeGreaterThan(0)
    for (const { title, url = '', includeVars, keepTime, placement } of tabs) {
      expect(uids, title).toContain(url.replace('/d/', ''))
      expect([includeVars, keepTime, placement], title).toEqual([true, true, undefined])
    }
    for (const { title, fieldConfig } of panelsOf(dashboard)) {
      const fromOverrides = (fieldConfig?.overrides ?? []).flatMap(({ properties }) =>
        properties.flatMap(({ id, value }) => (id === 'links' ? (value as { url: string }[]) : [])),
      )
      for (const { url = '' } of [...(fieldConfig?.defaults.links ?? []), ...fromOverrides]) {
        const [, uid = '', query = ''] = /^\/d\/([^?]+)\?(.+)$/.exec(url) ?? []
        const target = dashboards.find((candidate) => candidate.uid === uid)
        expect(target, `${title}: ${url}`).toBeDefined()
        // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's spelling
        expect(query, title).toContain('${__url_time_range}')
        for (const [, variable] of query.matchAll(/var-(\w+)=/g)) {
          expect(
            target?.templating.list.map(({ name }) => name),
            title,
          ).toContain(variable)
        }
      }
    }
  })
})

describe('exemplars', () => {
  it('are drawn once per panel, and on the latency of every service and route', () => {
    const withExemplars = targets.filter(({ target }) => target.exemplar)
    const panels = withExemplars.map(({ dashboardUid, panel }) => `${dashboardUid} / ${panel.title}`)
    expect(new Set(panels).size).toBe(panels.length)
    expect(panels).toEqual(
      expect.arrayContaining([
        'overview / Latency',
        'service / p95 latency by route',
        'service / Latency distribution',
      ]),
    )
  })

  it('are asked of scraped histograms only: span metrics have none that lead anywhere', () => {
    for (const { where, target } of targets.filter(({ target: { exemplar } }) => exemplar)) {
      expect(target.expr, where).toMatch(
        /(http|db|messaging)_\w+_duration_seconds_bucket|box_office_\w+_seconds_bucket/,
      )
    }
  })
})

describe('expectations', () => {
  const key = (dashboardUid: string, panelId: number, refId: string) => `${dashboardUid} ${panelId} ${refId}`
  const marked = new Set(expectations.map((e) => key(e.dashboardUid, e.panelId, e.refId)))

  it('are about queries that exist, each once', () => {
    const known = targets.map(({ dashboardUid, panel, target }) => key(dashboardUid, panel.id, target.refId))
    expect(marked.size).toBe(expectations.length)
    for (const mark of marked) expect(known).toContain(mark)
  })

  it('stand on the panel too: where all queries may be empty, it says what that means', () => {
    for (const { dashboardUid, panel, where } of targets) {
      const all = (panel.targets ?? []).every(({ refId }) => marked.has(key(dashboardUid, panel.id, refId)))
      const own = expectations.find((e) => e.dashboardUid === dashboardUid && e.panelId === panel.id)
      expect(panel.fieldConfig?.defaults.noValue, where).toBe(all ? own?.why : undefined)
    }
  })

  it('cover every query that asks for trouble alone', () => {
    const trouble = targets.filter(
      ({ target: { expr = '', query = '' } }) =>
        /detected_level=~|alertstate="firing"|_send_failed_\w+_total/.test(expr) ||
        query.includes('status = error'),
    )
    expect(trouble.length).toBeGreaterThan(5)
    for (const { where, dashboardUid, panel, target } of trouble) {
      expect([...marked], where).toContain(key(dashboardUid, panel.id, target.refId))
    }
  })

  it('are few: what can be asked so that it always answers is asked so', () => {
    const healthy = expectations.filter(({ when }) => when === 'healthy')
    expect(healthy.length).toBeLessThanOrEqual(13)
    // Which of its parts a service has is asked of the dashboard of one service only.
    expect(expectations.filter((e) => e.when === 'other-service' && e.dashboardUid !== 'service')).toEqual([])
  })
})

const panelOf = (width: number, height: number): KitPanel => ({
  panel: { type: 'timeseries' },
  size: { width, height },
  mayBeEmpty: new Map([['A', { when: 'healthy', why: 'quiet' }]]),
})

const size = fc.record({ w: fc.integer({ min: 1, max: 24 }), h: fc.integer({ min: 1, max: 14 }) })

describe('kitDashboard', () => {
  it('places panels of any size so that none overlap, leave the grid, or stand above their heading', () => {
    fc.assert(
      fc.property(fc.array(fc.array(size, { maxLength: 12 }), { minLength: 1, maxLength: 5 }), (rows) => {
        const { dashboard } = kitDashboard({
          uid: 'overview',
          description: 'x',
          tabs: [],
          rows: rows.map((sizes) => ({ title: 'row', panels: sizes.map(({ w, h }) => panelOf(w, h)) })),
        })
        const boxes = (dashboard.panels ?? []).map(({ gridPos }) => gridPos ?? { x: 0, y: 0, w: 0, h: 0 })
        for (const [index, a] of boxes.entries()) {
          expect(a.x + a.w).toBeLessThanOrEqual(24)
          for (const b of boxes.slice(index + 1)) {
            const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y
            expect(apart).toBe(true)
            // Later panels are never above earlier ones: the order of the code is the order on the page.
            expect(b.y).toBeGreaterThanOrEqual(a.y)
          }
        }
      }),
    )
  })

  it('numbers panels by row, and says of each empty answer that it is expected where', () => {
    const { dashboard, expectations } = kitDashboard({
      uid: 'service',
      description: 'x',
      tabs: [],
      rows: [
        { title: 'one', panels: [panelOf(24, 8)] },
        { title: 'two', panels: [panelOf(12, 8), panelOf(12, 8)] },
      ],
    })
    expect(dashboard.panels?.map(({ id }) => id)).toEqual([100, 101, 200, 201, 202])
    expect(expectations.map(({ panelId }) => panelId)).toEqual([101, 201, 202])
    expect(expectations[0]).toEqual({
      dashboardUid: 'service',
      panelId: 101,
      refId: 'A',
      when: 'healthy',
      why: 'quiet',
    })
  })
})
