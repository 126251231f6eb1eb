/** `npm run slo:generate`: writes the rules of every objective. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { alertRules } from './alerts.ts'
import { formatDuration, PROFILES, type Profile } from './clock.ts'
import { type Objective, ObjectiveError } from './openslo.ts'
import { recordingRules } from './recording-rules.ts'

/** The text of the Prometheus rule file of one objective in one profile. */
function ruleFile(objective: Objective, profile: Profile): string {
  const scale = profile.divisor === 1 ? 'as the objective says' : `a ${profile.divisor}th of the objective's`
  const header = [
    `Generated from slo/objectives/${objective.name}.yaml by npm run slo:generate. Change that, not this.`,
    `Profile ${profile.name}: windows are ${scale}; names are the same in every profile.`,
  ]
  const groups = [
    {
      name: `slo-${objective.name}`,
      interval: formatDuration(profile.intervalSeconds),
      rules: [...recordingRules(objective, profile), ...alertRules(objective, profile)],
    },
  ]
  return `${header.map((line) => `# ${line}\n`).join('')}${stringify({ groups }, { lineWidth: 0, aliasDuplicateObjects: false })}`
}

/** The text of every rule file, by its path relative to the folder of the rules. */
export function renderRules(objectives: readonly Objective[]): ReadonlyMap<string, string> {
  return new Map(
    PROFILES.flatMap((profile) =>
      objectives.map((objective) => [
        `${profile.name}/${objective.name}.rules.yaml`,
        ruleFile(objective, profile),
      ]),
    ),
  )
}

/** Writes the rule files and removes those whose objective is gone. */
export async function writeRules(files: ReadonlyMap<string, string>, folder: string): Promise<void> {
  for (const profile of PROFILES) {
    const target = join(folder, profile.name)
    await mkdir(target, { recursive: true })
    for (const file of await readdir(target)) {
      if (!files.has(`${profile.name}/${file}`)) await rm(join(target, file))
    }
  }
  for (const [file, text] of files) await writeFile(join(folder, file), text)
}

if (import.meta.main) {
  try {
    const { objectives, SLO_FOLDER } = await import('./objectives.ts')
    const files = renderRules(Object.values(objectives))
    await writeRules(files, join(SLO_FOLDER, 'rules'))
    for (const file of files.keys()) console.log(`slo/rules/${file}`)
  } catch (error) {
    if (!(error instanceof ObjectiveError)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}
