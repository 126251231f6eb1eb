import { access, constants, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import which from 'which'
import { BinaryUnavailableError } from './errors.ts'
import { type BinarySpec, pathVariable } from './table.ts'
import type { ResolvedBinary } from './types.ts'
import { isSupported, readVersion } from './version.ts'

/** What a search of `PATH` gave: the first supported program, else those that were refused and why. */
export interface PathSearch {
  readonly found?: ResolvedBinary
  /** Such as `/usr/bin/prometheus is version 2.45.3`. */
  readonly refused: readonly string[]
}

/** Whether the path is a file that this process may execute. */
export async function isExecutableFile(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

/**
 * The binary that the environment names, in any version: who names a path knows better.
 *
 * @throws BinaryUnavailableError `bad-path` when that is no program, rather than silently taking another.
 */
export async function fromEnvironment(
  spec: BinarySpec,
  env: NodeJS.ProcessEnv,
): Promise<ResolvedBinary | undefined> {
  const variable = pathVariable(spec.name)
  const value = env[variable]
  if (value === undefined || value === '') return undefined
  const path = resolve(value)
  if (!(await isExecutableFile(path))) {
    throw new BinaryUnavailableError({
      binary: spec.name,
      reason: 'bad-path',
      problem: `${variable}=${value} is not an executable file`,
      wayOut: `Set ${variable} to the path of ${spec.executables.join(' or ')}, or unset it.`,
    })
  }
  return { name: spec.name, path, version: (await readVersion(spec, path)) ?? 'unknown', source: 'env' }
}

/** Looks through `PATH` for a supported version, past unsupported ones that come earlier. */
export async function fromPath(spec: BinarySpec, env: NodeJS.ProcessEnv): Promise<PathSearch> {
  const refused: string[] = []
  for (const executable of spec.executables) {
    const candidates = await which(executable, { all: true, nothrow: true, path: env.PATH ?? '' })
    for (const path of candidates ?? []) {
      const version = await readVersion(spec, path)
      if (version !== undefined && isSupported(spec, version)) {
        return { found: { name: spec.name, path: resolve(path), version, source: 'path' }, refused }
      }
      refused.push(
        version === undefined ? `${path} does not tell its version` : `${path} is version ${version}`,
      )
    }
  }
  return { refused }
}
