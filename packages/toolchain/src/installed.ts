import { access, constants, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { execa } from 'execa'
import semver from 'semver'
import which from 'which'
import { type BinaryName, type BinarySpec, pathVariable } from './table.ts'
import { BinaryUnavailableError } from './unavailable.ts'

/** A binary that can be started. */
export interface ResolvedBinary {
  readonly name: BinaryName
  /** Absolute path of the executable. */
  readonly path: string
  /** Semantic version, or `unknown` for a path from the environment whose program does not print one. */
  readonly version: string
  /** A path given in the environment, `PATH`, the kit's cache, or a build that this very call made. */
  readonly source: 'env' | 'path' | 'cache' | 'built'
}

/** What a search of `PATH` gave: the first supported program, else those that were refused and why. */
interface PathSearch {
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
 * The binary that the environment names, in any version: whoever names a path knows better.
 *
 * @throws BinaryUnavailableError `bad-path` when that is not a program, rather than silently taking another.
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

/** Programs answer within some ten milliseconds; one that hangs is not what its name says. */
const VERSION_TIMEOUT_MS = 10_000

/**
 * The semantic version in what a program prints about itself, or undefined when its own name and a
 * version are not in there. Missing parts count as 0 and pre-release marks are left out, so that
 * `3.1-dev` is 3.1.0: for a development build the features decide, not the order of releases.
 */
export function parseVersion(pattern: RegExp, output: string): string | undefined {
  const found = pattern.exec(output)?.[1]
  return semver.coerce(found)?.version
}

/** Runs the program's version command; undefined when it does not run or print it. */
export async function readVersion(spec: BinarySpec, path: string): Promise<string | undefined> {
  const result = await execa(path, spec.versionArgs ?? ['--version'], {
    all: true,
    reject: false,
    stdin: 'ignore',
    timeout: VERSION_TIMEOUT_MS,
  })
  return result.failed ? undefined : parseVersion(spec.versionPattern, result.all)
}

/** Whether the kit takes this version of the binary from `PATH`. */
export function isSupported(spec: BinarySpec, version: string): boolean {
  return semver.satisfies(version, spec.supported)
}
