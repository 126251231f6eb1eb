import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import semver from 'semver'
import which from 'which'
import { z } from 'zod'
import { BUILDER_FOLDER, hostTarget, toolFolder } from './cache.ts'
import { BINARY_NAMES, type BinarySpec, binarySpec } from './table.ts'
import { BinaryUnavailableError, withoutBuild } from './unavailable.ts'

/** A Go toolchain that can build every tool. */
export interface GoToolchain {
  /** Absolute path of the `go` command. */
  readonly path: string
  /** Folders that a build writes to. */
  readonly buildCache: string
  readonly moduleCache: string
}

const goSettings = z.object({ GOVERSION: z.string(), GOCACHE: z.string(), GOMODCACHE: z.string() })

/** The `go` line of a go.mod: the lowest version of Go that can build it, as `1.26.0`. */
export function requiredGo(goMod: string): string {
  const version = semver.coerce(/^go (\S+)/m.exec(goMod)?.[1])?.version
  if (version === undefined) throw new Error('go.mod has no go line')
  return version
}

/** The lowest version of Go that builds all tools, so that a too old one is named before the first build. */
async function minimumGo(): Promise<string> {
  const folders = new Set(BINARY_NAMES.flatMap((name) => binarySpec(name).build?.folder ?? []))
  const goMods = [BUILDER_FOLDER, ...folders].map((folder) => join(toolFolder(folder), 'go.mod'))
  const versions = await Promise.all(goMods.map(async (path) => requiredGo(await readFile(path, 'utf8'))))
  return versions.reduce((highest, version) => (semver.gt(version, highest) ? version : highest))
}

/**
 * Environment of Go's commands: the user's own (proxy, private modules, caches), but for what would
 * change or break a pinned build. Set to values rather than left empty, as Go reads an empty
 * variable from the file of `go env -w` instead.
 */
export function goEnvironment(env: NodeJS.ProcessEnv, temporary: string): NodeJS.ProcessEnv {
  const target = hostTarget()
  return {
    ...env,
    CGO_ENABLED: '0',
    GO111MODULE: 'on',
    GOARCH: target.arch,
    GOFLAGS: '-mod=readonly',
    GOOS: target.os,
    GOTMPDIR: temporary,
    GOTOOLCHAIN: 'local',
    GOWORK: 'off',
  }
}

/**
 * Finds Go on `PATH`.
 *
 * @throws BinaryUnavailableError `no-go` or `go-too-old`
 */
export async function findGo(spec: BinarySpec, env: NodeJS.ProcessEnv): Promise<GoToolchain> {
  const minimum = await minimumGo()
  const install = `Install Go ${minimum} or newer (https://go.dev/dl/)`
  const lacking = (reason: 'no-go' | 'go-too-old', why: string, wayOut: string): BinaryUnavailableError =>
    new BinaryUnavailableError({
      binary: spec.name,
      reason,
      problem: `${spec.name} has to be built once, ${why}`,
      wayOut: `${wayOut}, or ${withoutBuild(spec)}.`,
    })
  const path = await which('go', { nothrow: true, path: env.PATH ?? '' })
  if (path === null) throw lacking('no-go', 'and there is no go command on PATH', install)
  const asked = await execa(path, ['env', '-json', ...Object.keys(goSettings.shape)], {
    cwd: tmpdir(),
    env: goEnvironment(env, tmpdir()),
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  })
  if (asked.failed) {
    const why = `and ${path} does not run: ${asked.stderr || asked.shortMessage}`
    throw lacking('no-go', why, 'Repair the installation of Go')
  }
  const answer = goSettings.parse(JSON.parse(asked.stdout))
  const version = semver.coerce(answer.GOVERSION)?.version ?? '0.0.0'
  if (semver.lt(version, minimum)) {
    const why = `which takes Go ${minimum} or newer, and ${path} is ${answer.GOVERSION}`
    throw lacking('go-too-old', why, install)
  }
  return { path, buildCache: answer.GOCACHE, moduleCache: answer.GOMODCACHE }
}
