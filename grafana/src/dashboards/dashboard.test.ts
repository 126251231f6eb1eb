import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KitPanel } from '../panels/panel.ts'
import { kitDashboard } from './dashboard.ts'

const panel = (w: number, h: number): KitPanel => ({
  panel: { type: 'timeseries', gridPos: { x: 0, y: 0, w, h } },
  mayBeEmpty: new Map([['A', { when: 'healthy', why: 'quiet' }]]),
})

const size = fc.record({ w: fc.integer({ min: 1, max: 24 }), h: fc.integer({ min: 1, max: 14 }) })

describe('kitDashboard', () => {
  it('places panels of any size so that none overlap, leave the grid, or stand above their heading', () => {
    fc.assert(
      fc.property(fc.array(fc.array(size, { maxLength: 12 }), { minLength: 1, maxLength: 5 }), (rows) => {
        const { dashboard } = kitDashboard({
          uid: 'overview',
          title: 'x',
          description: 'x',
          links: [],
          rows: rows.map((sizes) => ({ title: 'row', panels: sizes.map(({ w, h }) => panel(w, h)) })),
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
      title: 'x',
      description: 'x',
      links: [],
      rows: [
        { title: 'one', panels: [panel(24, 8)] },
        { title: 'two', panels: [panel(12, 8), panel(12, 8)] },
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
