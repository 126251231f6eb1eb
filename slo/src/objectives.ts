import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Objective, ObjectiveError, parseObjective } from './openslo.ts'

/** Every objective, so that a misspelt name does not compile: the files of `objectives/`, without `.yaml`. */
export const OBJECTIVE_NAMES = [
  'booking-latency',
  'booking-success',
  'catalog-availability',
  'catalog-latency',
  'ticket-in-time',
] as const

export type ObjectiveName = (typeof OBJECTIVE_NAMES)[number]

/** The folder `slo/`. */
export const SLO_FOLDER = dirname(import.meta.dirname)

/**
 * Reads the objectives of `folder`.
 *
 * @throws ObjectiveError when one cannot be used, or when the files are not those of `names`
 */
export function readObjectives<Name extends string>(
  folder: string,
  names: readonly Name[],
): Readonly<Record<Name, Objective>> {
  const files = readdirSync(folder)
  const named = names.map((name) => `${name}.yaml`)
  const problems = [
    ...files
      .filter((file) => !named.includes(file))
      .map((file) => `${file}: not in OBJECTIVE_NAMES of slo/src/objectives.ts`),
    ...named
      .filter((file) => !files.includes(file))
      .map((file) => `${file}: in OBJECTIVE_NAMES of slo/src/objectives.ts, but there is no such file`),
  ]
  if (problems.length > 0) throw new ObjectiveError(folder, problems)
  const entries = names.map((name) => {
    const file = join(folder, `${name}.yaml`)
    const objective = parseObjective(readFileSync(file, 'utf8'), file)
    if (objective.name !== name) {
      throw new ObjectiveError(file, [
        `metadata.name: is ${objective.name}, so the file must be ${objective.name}.yaml`,
      ])
    }
    return [name, objective] as const
  })
  return Object.fromEntries(entries) as Record<Name, Objective>
}

/** The objectives of the box office, as `objectives/*.yaml` say. */
export const objectives = readObjectives(join(SLO_FOLDER, 'objectives'), OBJECTIVE_NAMES)

/** Seconds within which an event of an objective is good. */
export function latencySeconds(name: ObjectiveName): number {
  const { latencySeconds } = objectives[name]
  if (latencySeconds === undefined) throw new TypeError(`the objective ${name} is not about time`)
  return latencySeconds
}
