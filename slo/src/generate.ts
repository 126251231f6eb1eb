import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Objective } from './objective.ts'
import { ObjectiveError, parseObjective } from './openslo.ts'
import { PROFILES } from './profile.ts'
import { ruleFile } from './rule-file.ts'

/** The folder `slo/`. */
export const SLO_FOLDER = dirname(dirname(fileURLToPath(import.meta.url)))

/**
 * Reads every objective of `folder`, in the order of their files' names.
 *
 * @throws ObjectiveError when one cannot be used or does not stand in a file of its own name
 */
export async function readObjectives(folder: string): Promise<readonly Objective[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort()
  return Promise.all(
    files.map(async (file) => {
      const path = join(folder, file)
      const objective = parseObjective(await readFile(path, 'utf8'), path)
      if (basename(file, '.yaml') !== objective.name) {
        throw new ObjectiveError(path, [
          `metadata.name: is ${objective.name}, so the file must be ${objective.name}.yaml`,
        ])
      }
      return objective
    }),
  )
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
