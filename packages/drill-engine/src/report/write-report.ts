import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Endpoints } from '@faultline/stack'
import writeFileAtomic from 'write-file-atomic'
import type { Drill } from '../drill.ts'
import type { DrillResult } from '../run-drill.ts'

/**
 * Writes `report.json` (the verdict) into a folder of its own.
 * @returns path of the report for people
 */
export async function writeReport(
  { verdict, evidence }: DrillResult,
  _drill: Drill,
  _endpoints: Endpoints,
  stateDir: string,
): Promise<string> {
  const stamp = verdict.startedAt.replaceAll(/[:.]/g, '-')
  const folder = join(stateDir, 'drills', `${verdict.drill}-${stamp}${verdict.control ? '-control' : ''}`)
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'report.json')
  await writeFileAtomic(file, `${JSON.stringify(verdict, null, 2)}\n`)
  const answers = Object.fromEntries(evidence.map(({ verdict: { id }, answers }) => [id, answers]))
  await writeFileAtomic(join(folder, 'answers.json'), JSON.stringify(answers))
  return file
}
