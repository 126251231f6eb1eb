import { join } from 'node:path'
import { type Endpoints, makeFolder } from '@faultline/runtime'
import writeFileAtomic from 'write-file-atomic'
import type { Drill } from '../drill.ts'
import type { DrillResult } from '../run-drill.ts'
import { collectMaterial } from './material.ts'
import { renderPage } from './page.ts'

/**
 * Writes a drill's folder: `report.json` (the verdict), `answers.json` (what the backends said about each evidence) and
 * `report.html`.
 * @returns path of the report for people
 * @throws EnvironmentFailure when a backend does not say what the report draws
 */
export async function writeReport(
  result: DrillResult,
  drill: Drill,
  endpoints: Endpoints,
  stateDir: string,
): Promise<string> {
  const { verdict, evidence } = result
  const stamp = verdict.startedAt.replaceAll(/[:.]/g, '-')
  const folder = join(stateDir, 'drills', `${verdict.drill}-${stamp}${verdict.control ? '-control' : ''}`)
  await makeFolder(folder)
  await writeFileAtomic(join(folder, 'report.json'), `${JSON.stringify(verdict, null, 2)}\n`)
  const answers = Object.fromEntries(evidence.map(({ verdict: { id }, answers }) => [id, answers]))
  await writeFileAtomic(join(folder, 'answers.json'), JSON.stringify(answers))
  const file = join(folder, 'report.html')
  const page = await renderPage(result, drill, endpoints, await collectMaterial(verdict, drill, endpoints))
  await writeFileAtomic(file, page)
  return file
}
