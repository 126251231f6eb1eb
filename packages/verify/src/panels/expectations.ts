import * as z from 'zod'
import { type Finding, fail } from '../report/check.ts'
import { DashboardFileInvalid, loadJson, type Target } from './dashboard.ts'

const expectations = z.array(
  z.strictObject({
    dashboardUid: z.string(),
    panelId: z.number(),
    refId: z.string(),
    /** `healthy`: it may be empty altogether. `other-service`: for some values of the variables, not for all. */
    when: z.enum(['healthy', 'other-service']),
    why: z.string().min(1),
  }),
)

/** A target that may well be empty while all is healthy, and why. */
export type EmptyIsHealthy = z.infer<typeof expectations>[number]

/** Targets that may be empty; none where there is no such file. Throws {@link DashboardFileInvalid}. */
export async function loadExpectations(file: string): Promise<EmptyIsHealthy[]> {
  try {
    return await loadJson(file, (json) => expectations.parse(json))
  } catch (error) {
    if (error instanceof DashboardFileInvalid && isMissing(error.cause)) return []
    throw error
  }
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
  return fail(finding, {
    final: true,
    seen: `no such target: ${stale.map(({ dashboardUid, panelId, refId }) => `${dashboardUid}/${panelId}/${refId}`).join(', ')}`,
    likelyCause: 'a panel was moved or removed',
    nextStep: 'take the entries out of grafana/expectations.json or correct them',
  })
}

function names(one: EmptyIsHealthy, target: Target): boolean {
  return (
    one.dashboardUid === target.dashboardUid && one.panelId === target.panelId && one.refId === target.refId
  )
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
