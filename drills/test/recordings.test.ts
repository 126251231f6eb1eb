import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Drill, type EvidenceAnswers, judge } from '@faultline/drill-engine'
import { describe, expect, test } from 'vitest'
import retryStorm from '../retry-storm.ts'
import slowQuery from '../slow-query.ts'

const drills: readonly Drill[] = [slowQuery, retryStorm]

/** What the backends of the running kit answered to one drill's questions about the run of another, or of itself. */
function recorded(asked: Drill, run: Drill): Readonly<Record<string, EvidenceAnswers>> {
  const file = join(import.meta.dirname, 'recordings', `${asked.name}-asked-of-${run.name}.json`)
  return JSON.parse(readFileSync(file, 'utf8'))
}

function statuses(asked: Drill, run: Drill): Record<string, string> {
  const answers = recorded(asked, run)
  return Object.fromEntries(
    asked.evidence.map((evidence) => {
      const answer = answers[evidence.id]
      return [evidence.id, answer === undefined ? 'not recorded' : judge(evidence, answer).status]
    }),
  )
}

describe('evidence, judged on recorded runs', () => {
  test.each(drills.map((drill) => [drill.name, drill] as const))(
    'of %s is met by its own run',
    (_name, drill) => {
      const all = Object.values(statuses(drill, drill))
      expect(all.length).toBeGreaterThan(3)
      expect(new Set(all)).toEqual(new Set(['met']))
    },
  )

  test.each([
    [slowQuery, retryStorm],
    [retryStorm, slowQuery],
  ] as const)('of one drill is not met by the run of the other: not one of it (%#)', (asked, run) => {
    expect(new Set(Object.values(statuses(asked, run)))).toEqual(new Set(['evidence-missing']))
  })
})
