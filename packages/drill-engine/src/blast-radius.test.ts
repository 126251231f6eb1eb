import { describe, expect, test } from 'vitest'
import { judgeRoute } from './blast-radius.ts'

const healthy = { total: 100, errors: 0, p95: 0.02 }

describe('judgeRoute', () => {
  test('errors harm a route, unless it had nearly as many before', () => {
    expect(judgeRoute('s', 'r', { ...healthy, errors: 2 }, healthy).harmed).toBe(true)
    expect(judgeRoute('s', 'r', { ...healthy, errors: 1 }, healthy).harmed).toBe(false)
    expect(judgeRoute('s', 'r', { ...healthy, errors: 4 }, { ...healthy, errors: 2 }).harmed).toBe(false)
  })

  test('slowness harms a route that was quick', () => {
    expect(judgeRoute('s', 'r', { ...healthy, p95: 0.3 }, healthy).harmed).toBe(true)
    expect(judgeRoute('s', 'r', { ...healthy, p95: 0.25 }, healthy).harmed).toBe(false)
    expect(judgeRoute('s', 'r', { ...healthy, p95: 0.3 }, { ...healthy, p95: 0.1 }).harmed).toBe(false)
  })

  test('a route that nobody asked for before is judged by what it does now', () => {
    expect(judgeRoute('s', 'r', { ...healthy, errors: 50 }, undefined)).toMatchObject({
      harmed: true,
      errorRatio: 0.5,
      errorRatioBefore: 0,
      p95Before: undefined,
    })
    expect(judgeRoute('s', 'r', { ...healthy, p95: 1 }, undefined).harmed).toBe(true)
    expect(
      judgeRoute('s', 'r', { ...healthy, p95: undefined }, { total: 0, errors: 0, p95: undefined }).harmed,
    ).toBe(false)
  })
})
