import * as z from 'zod'
import type { Finding } from '../report/check.ts'
import type { Target } from './dashboard.ts'

/** A target that may well be empty while all is healthy, and why. */
export interface EmptyIsHealthy {
  readonly dashboardUid: string
  readonly panelId: number
  readonly refId: string
  /** `healthy`: it may be empty altogether. `other-service`: for some values of the variables, not for all. */
  readonly when: 'healthy' | 'other-service'
  readonly why: string
}

const expectations = z.array(
  z.strictObject({
    dashboardUid: z.string(),
    panelId: z.number(),
    refId: z.string(),
    when: z.enum(['healthy', 'other-service']),
    why: z.string().min(1),
  }),
)

/** Throws a ZodError for what is no list of expectations. */
export function parseExpectations(json: unknown): EmptyIsHealthy[] {
  return expectations.parse(json)
}

/** Whether and why the target may be empty; undefined where it must not. */
export function mayBeEmpty(target: Target, all: readonly EmptyIsHealthy[]): EmptyIsHealthy | undefined {
  return all.find((one) => names(one, target))
}

/** Whether every entry still names a target, so that none hides what has come in its place. */
export function judgeExpectations(targets: readonly Target[], all: readonly EmptyIsHealthy[]): Finding {
  const stale = all.filter((one) => !targets.some((target) => names(one, target)))
  const finding = {
    id: 'panel/expectations',
    hop: 'panels',
    expected: 'every entry names a target of a dashboard',
    query: 'grafana/expectations.json',
  } as const
  if (stale.length === 0) return { ...finding, status: 'pass', seen: `${all.length} entries` }
  return {
    ...finding,
    status: 'fail',
    final: true,
    seen: `no such target: ${stale.map(({ dashboardUid, panelId, refId }) => `${dashboardUid}/${panelId}/${refId}`).join(', ')}`,
    likelyCause: 'a panel was moved or removed',
    nextStep: 'take the entries out of grafana/expectations.json or correct them',
  }
}

function names(one: EmptyIsHealthy, target: Target): boolean {
  return (
    one.dashboardUid === target.dashboardUid && one.panelId === target.panelId && one.refId === target.refId
  )
}
