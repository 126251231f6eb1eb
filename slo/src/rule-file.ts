import { stringify } from 'yaml'
import { alertRules } from './alert-rules.ts'
import { formatDuration } from './duration.ts'
import type { Objective } from './objective.ts'
import type { Profile } from './profile.ts'
import { recordingRules } from './recording-rules.ts'

/** The text of the Prometheus rule file of one objective in one profile. */
export function ruleFile(objective: Objective, profile: Profile): string {
  const scale = profile.divisor === 1 ? 'as the objective says' : `a ${profile.divisor}th of the objective's`
  const header = [
    `Generated from slo/objectives/${objective.name}.yaml by npm run slo:generate. Change that, not this.`,
    `Profile ${profile.name}: windows are ${scale}; names are the same in every profile.`,
  ]
  const groups = [
    {
      name: `slo-${objective.name}`,
      interval: formatDuration(profile.evaluationSeconds),
      rules: [...recordingRules(objective, profile), ...alertRules(objective, profile)],
    },
  ]
  return `${header.map((line) => `# ${line}\n`).join('')}${stringify({ groups }, { lineWidth: 0, aliasDuplicateObjects: false })}`
}
