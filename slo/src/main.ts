import { join } from 'node:path'
import { readObjectives, renderRules, SLO_FOLDER, writeRules } from './generate.ts'
import { ObjectiveError } from './openslo.ts'

try {
  const files = renderRules(await readObjectives(join(SLO_FOLDER, 'objectives')))
  await writeRules(files, join(SLO_FOLDER, 'rules'))
  for (const file of files.keys()) console.log(`slo/rules/${file}`)
} catch (error) {
  if (!(error instanceof ObjectiveError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
