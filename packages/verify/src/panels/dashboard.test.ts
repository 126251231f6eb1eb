import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseDashboard } from './dashboard.ts'

const FOLDER = join(import.meta.dirname, '../../../../grafana/dashboards')

describe('parseDashboard', () => {
  it('unfolds rows, inherits data sources and leaves expressions out', () => {
    const dashboard = parseDashboard({
      uid: 'd',
      title: 'D',
      templating: {
        list: [
          { name: 'service', type: 'query', query: { query: 'label_values(a, b)' }, current: { value: 'x' } },
        ],
      },
      panels: [
        { id: 1, type: 'text' },
        {
          id: 2,
          type: 'row',
          panels: [
            {
              id: 3,
              type: 'timeseries',
              title: 'T',
              datasource: { type: 'loki', uid: 'loki' },
              targets: [
                { refId: 'A', expr: '{a="b"}' },
                { refId: 'B', datasource: { type: 'prometheus', uid: 'p' }, expr: 'up' },
                { refId: 'C', datasource: { type: '__expr__', uid: '__expr__' }, expression: '$A' },
              ],
            },
          ],
        },
      ],
    })
    expect(dashboard.targets).toMatchObject([
      {
        dashboardUid: 'd',
        panelId: 3,
        panelTitle: 'T',
        refId: 'A',
        datasource: 'loki',
        model: { expr: '{a="b"}' },
      },
      { panelId: 3, refId: 'B', datasource: 'prometheus' },
    ])
    expect(dashboard.variables).toMatchObject([
      { name: 'service', query: 'label_values(a, b)', current: ['x'] },
    ])
  })

  it.each([null, [], {}, { uid: 'd' }, { uid: 'd', title: 'D', panels: [{}] }])('refuses %j', (json) => {
    expect(() => parseDashboard(json)).toThrow()
  })

  it('reads every committed dashboard', () => {
    for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.json'))) {
      const json: unknown = JSON.parse(readFileSync(join(FOLDER, file), 'utf8'))
      expect(parseDashboard(json).targets.length, file).toBeGreaterThan(10)
    }
  })
})
