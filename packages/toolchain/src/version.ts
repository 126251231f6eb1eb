import { execa } from 'execa'
import semver from 'semver'
import type { BinarySpec } from './table.ts'

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

/** Runs the program's version command; undefined when it does not run or does not tell. */
export async function readVersion(spec: BinarySpec, path: string): Promise<string | undefined> {
  const result = await execa(path, spec.versionArgs, {
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
