import { afterAll, beforeAll, expect, it } from 'vitest'
import { DRILL_TIMEOUT_MS, drill, type Kit, startKit } from '../support/kit.ts'

let kit: Kit

beforeAll(async () => {
  kit = await startKit()
})

afterAll(async () => {
  await kit?.[Symbol.asyncDispose]()
})

it(
  'shows all its evidence, stays down without its trigger, and returns with the protection',
  async () => {
    const { exitCode, verdict } = await drill(kit, 'retry-storm')
    expect(verdict.failures).toEqual([])
    expect(exitCode).toBe(0)
    expect(new Set(verdict.evidence.map(({ status }) => status))).toEqual(new Set(['met']))
    expect(verdict.timeToPageSeconds).toBeLessThan(60)
    expect(verdict.recovery).toMatchObject({ kind: 'metastable', ok: true, alertsResolved: true })
    expect(verdict.servedBefore).toBeGreaterThanOrEqual(0.99)
    expect(verdict.recovery?.stayedBad).toBeGreaterThan(0.5)
    expect(verdict.recovery?.seconds).toBeLessThanOrEqual(20)
    expect(verdict.cure).toMatchObject({ ok: true, paged: false })
  },
  DRILL_TIMEOUT_MS,
)

it(
  'without the fault shows none of it, though retries are naive',
  async () => {
    const { exitCode, verdict } = await drill(kit, 'retry-storm', '--no-fault')
    expect(exitCode).toBe(1)
    expect(new Set(verdict.evidence.map(({ status }) => status))).toEqual(new Set(['evidence-missing']))
  },
  DRILL_TIMEOUT_MS,
)
