import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Dashboard, parseDashboard } from './dashboard.ts'
import { type EmptyIsHealthy, parseExpectations } from './expectations.ts'

/** A file of dashboards or expectations that cannot be used. */
export class DashboardFileInvalid extends Error {
  override readonly name = 'DashboardFileInvalid'

  constructor(file: string, options: ErrorOptions) {
    super(`${file} cannot be used: ${String(options.cause)}`, options)
  }
}

/** Every dashboard of a folder, by file name. Throws {@link DashboardFileInvalid}. */
export async function loadDashboards(folder: string): Promise<Dashboard[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).sort()
  return Promise.all(files.map((file) => load(join(folder, file), parseDashboard)))
}

/** Targets that may be empty; none where there is no such file. Throws {@link DashboardFileInvalid}. */
export async function loadExpectations(file: string): Promise<EmptyIsHealthy[]> {
  try {
    return await load(file, parseExpectations)
  } catch (error) {
    if (error instanceof DashboardFileInvalid && isMissing(error.cause)) return []
    throw error
  }
}

async function load<T>(file: string, parse: (json: unknown) => T): Promise<T> {
  try {
    return parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    throw new DashboardFileInvalid(file, { cause: error })
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
