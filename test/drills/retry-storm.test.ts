import type { Verdict } from '@faultline/drill-engine'
import { REPOSITORY_ROOT } from '@faultline/stack'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Kit, startKit } from '../support/kit.ts'

let kit: Kit

beforeAll(async () => {
  kit = await startKit()
})

afterAll(async () => {
  await kit?.[Symbol.asyncDispose]()
})

async function drill(
  ...options: readonly string[]
): Promise<{ exitCode: number | undefined; verdict: Verdict }> {
  const { exitCode, stdout, stderr } = await execa(
    'faultline',
    ['drill', 'retry-storm', '--json', ...options],
    {
      preferLocal: true,
      localDir: REPOSITORY_ROOT,
      env: { FAULTLINE_STATE_DIR: kit.stateDir },
      reject: false,
    },
  )
  if (!stdout.includes('{')) throw new Error(`no verdict:\n${stderr}`)
  return { exitCode, verdict: JSON.parse(stdout.slice(stdout.indexOf('{'))) as Verdict }
}

it('shows all its evidence, stays down without its trigger, and returns with the protection', async () => {
  const { exitCode, verdict } = await drill()
  expect(verdict.failures).toEqual([])
  expect(exitCode).toBe(0)
  expect(new Set(verdict.evidence.map(({ status }) => status))).toEqual(new Set(['met']))
  expect(verdict.timeToPageSeconds).toBeLessThan(60)
  expect(verdict.recovery).toMatchObject({ kind: 'metastable', ok: true, alertsResolved: true })
  expect(verdict.recovery?.stayedBad).toBeGreaterThan(0.5)
  expect(verdict.recovery?.seconds).toBeLessThanOrEqual(20)
  expect(verdict.cure).toMatchObject({ ok: true, paged: false })
}, 400_000)

it('without the fault shows none of it, though retries are naive', async () => {
  const { exitCode, verdict } = await drill('--no-fault')
  expect(exitCode).toBe(1)
  expect(new Set(verdict.evidence.map(({ status }) => status))).toEqual(new Set(['evidence-missing']))
}, 400_000)
