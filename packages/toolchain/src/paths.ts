import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** Root of the repository: pinned modules, configuration and sources of services are found from here. */
export const REPOSITORY_ROOT = resolve(import.meta.dirname, '../../..')

/** Folder with the pinned module of a tool. */
export function toolFolder(folder: string): string {
  return join(REPOSITORY_ROOT, 'tools', folder)
}

/** The kit's cache: `FAULTLINE_CACHE_DIR`, by default `~/.cache/faultline`. */
export function cacheRoot(env: NodeJS.ProcessEnv): string {
  const chosen = env.FAULTLINE_CACHE_DIR
  return chosen === undefined || chosen === '' ? join(homedir(), '.cache', 'faultline') : resolve(chosen)
}
