import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Drill } from '@faultline/drill-engine'
import { REPOSITORY_ROOT } from '@faultline/runtime'

const FOLDER = join(REPOSITORY_ROOT, 'drills')

/** Names of the drills there are, sorted. */
export async function drillNames(folder: string = FOLDER): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map((entry) => entry.name.slice(0, -'.ts'.length))
    .sort()
}

/** Loads a drill by a name that is known to be there. */
export async function loadDrill(name: string, folder: string = FOLDER): Promise<Drill> {
  const file = pathToFileURL(join(folder, `${name}.ts`)).href
  const module: { default: Drill } = await import(file)
  return module.default
}
