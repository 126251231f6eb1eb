import { type BrokenHop, type Check, type Finding, hops } from './check.ts'

/** A finding and how long it took to come to it, in ms. */
export interface TimedFinding extends Finding {
  readonly durationMs: number
}

interface Attributed {
  readonly checks: readonly Check[]
  readonly firstBrokenHop?: BrokenHop
}

/**
 * Tells causes from consequences. A failed check is a consequence where a check that explains it failed
 * too, directly or by way of others that failed or were skipped; it then names the cause at the far end.
 * Of all causes, the first broken hop is the one that data passes first. What failed only because something
 * does not apply is skipped.
 */
export function attribute(all: readonly TimedFinding[]): Attributed {
  const findings = withoutInapplicable(all)
  const broken = findings.filter(({ status }) => status !== 'pass').sort(byHop)
  const behind = explanations(broken)
  const roots = broken.filter((finding) => isRoot(finding, broken, behind))
  const checks = findings.map(({ explainedBy: _, final: __, notApplicable: ___, ...finding }): Check => {
    const cause = roots.find((root) => behind.get(finding.id)?.has(root.id))
    return cause === undefined || cause.id === finding.id ? finding : { ...finding, consequenceOf: cause.id }
  })
  const [first] = roots
  return first === undefined ? { checks } : { checks, firstBrokenHop: brokenHop(first) }
}

/** Turns failures into skips where all that explains them does not apply, until nothing more turns. */
function withoutInapplicable(findings: readonly TimedFinding[]): readonly TimedFinding[] {
  const next = findings.map((finding): TimedFinding => {
    if (finding.status !== 'fail') return finding
    const explaining = findings.filter(
      (other) => other !== finding && other.status !== 'pass' && explains(other, finding),
    )
    const [first] = explaining
    if (first === undefined || !explaining.every(({ notApplicable }) => notApplicable === true))
      return finding
    const { likelyCause = first.seen, nextStep = '' } = first
    return { ...finding, status: 'skipped', notApplicable: true, likelyCause, nextStep }
  })
  return next.every((finding, at) => finding === findings[at]) ? findings : withoutInapplicable(next)
}

/** Whether an id is meant; `*` in a pattern stands for any text. */
export function matches(id: string, pattern: string): boolean {
  const [start = '', end] = pattern.split('*', 2)
  if (end === undefined) return id === start
  return id.startsWith(start) && id.endsWith(end) && id.length >= start.length + end.length
}

function explains(other: Finding, finding: Finding): boolean {
  return (finding.explainedBy ?? []).some((pattern) => matches(other.id, pattern))
}

/** By id, all that explains a broken finding, itself included. */
function explanations(broken: readonly TimedFinding[]): Map<string, ReadonlySet<string>> {
  const direct = new Map(
    broken.map((finding) => {
      const others = broken.filter((other) => explains(other, finding))
      return [finding.id, others.map((other) => other.id)]
    }),
  )
  return new Map(
    broken.map(({ id }) => {
      const reached = new Set([id])
      for (const from of reached) for (const next of direct.get(from) ?? []) reached.add(next)
      return [id, reached]
    }),
  )
}

/**
 * A failure that no other failure explains. Where failures explain each other, the first of them is the
 * root, so that every failure has one.
 */
function isRoot(
  finding: TimedFinding,
  broken: readonly TimedFinding[],
  behind: ReadonlyMap<string, ReadonlySet<string>>,
): boolean {
  if (finding.status !== 'fail') return false
  const place = broken.indexOf(finding)
  return broken.every((other, otherPlace) => {
    if (other === finding || other.status !== 'fail' || !behind.get(finding.id)?.has(other.id)) return true
    return behind.get(other.id)?.has(finding.id) === true && place < otherPlace
  })
}

function byHop(a: Finding, b: Finding): number {
  return hops.indexOf(a.hop) - hops.indexOf(b.hop)
}

function brokenHop({ hop, id, likelyCause, nextStep }: Finding): BrokenHop {
  return {
    hop,
    check: id,
    likelyCause: likelyCause ?? 'not known from what was seen',
    nextStep: nextStep ?? 'run verify again; if it stays, ask the backend the query of the check',
  }
}
