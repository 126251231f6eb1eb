import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { lock } from 'proper-lockfile'
import type { BinaryName, GoBuild } from './table.ts'

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

/** Operating system and processor in Go's words. */
export interface GoTarget {
  readonly os: string
  readonly arch: string
}

/** What decides the bytes of a build, but for the version of Go, whose change is no reason for a rebuild. */
export interface BuildInputs {
  readonly flags: readonly string[]
  readonly package: string
  readonly target: GoTarget
  /** Contents of the pins and of the manifest, by name. */
  readonly files: Readonly<Record<string, string>>
}

const GO_OS: Readonly<Record<string, string>> = { win32: 'windows' }
const GO_ARCH: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' }

/** Folder below `tools/` that pins the collector builder. */
export const BUILDER_FOLDER = 'ocb'

/** The machine that this process runs on. */
export function hostTarget(): GoTarget {
  return { os: GO_OS[process.platform] ?? process.platform, arch: GO_ARCH[process.arch] ?? process.arch }
}

/** Flags of `go build`: small, the same bytes from any folder, and with nothing but the pinned modules. */
export function buildFlags(build: GoBuild): readonly string[] {
  const link = ['-s', '-w']
  if (build.versionVariable !== undefined) {
    link.push('-X', `${build.versionVariable}=${build.versionPrefix ?? ''}${build.version}`)
  }
  const flags = ['-mod=readonly', '-trimpath', '-buildvcs=false', `-ldflags=${link.join(' ')}`]
  return build.tags === undefined ? flags : [...flags, `-tags=${build.tags.join(',')}`]
}

/** Name of a build by its content: 32 hexadecimal digits of a SHA-256. */
export function buildDigest(inputs: BuildInputs): string {
  const hash = createHash('sha256')
  const files = Object.entries(inputs.files).sort(([a], [b]) => (a < b ? -1 : 1))
  hash.update(JSON.stringify([inputs.flags, inputs.package, inputs.target.os, inputs.target.arch, files]))
  return hash.digest('hex').slice(0, 32)
}

async function readInputs(build: GoBuild): Promise<BuildInputs> {
  const folders = build.manifest === undefined ? [build.folder] : [build.folder, BUILDER_FOLDER]
  const paths = folders.flatMap((folder) => [
    join(toolFolder(folder), 'go.mod'),
    join(toolFolder(folder), 'go.sum'),
  ])
  if (build.manifest !== undefined) paths.push(join(REPOSITORY_ROOT, build.manifest))
  const files: Record<string, string> = {}
  for (const path of paths) files[path.slice(REPOSITORY_ROOT.length)] = await readFile(path, 'utf8')
  return { flags: buildFlags(build), package: build.package, target: hostTarget(), files }
}

/** Where the cache has, or will have, this build: `<cache>/bin/<name>/<digest>/<file>`. */
export async function cachedPath(name: BinaryName, build: GoBuild, env: NodeJS.ProcessEnv): Promise<string> {
  return join(cacheRoot(env), 'bin', name, buildDigest(await readInputs(build)), build.file)
}

/** A builder that was killed cannot release its lock; without a sign of life for so long, it is gone. */
const STALE_MS = 10_000
const POLL_MS = 250

/**
 * Takes the lock that lets one build run at a time among all processes that share the cache. The holder
 * renews it while it lives, so that of a killed one is taken over after ten seconds.
 *
 * @param onWait called once, when another process holds the lock
 */
export async function acquireBuildLock(
  cache: string,
  onWait: () => void,
  signal: AbortSignal | undefined,
): Promise<AsyncDisposable> {
  await mkdir(cache, { recursive: true })
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted()
    try {
      const release = await lock(cache, {
        lockfilePath: join(cache, 'build.lock'),
        stale: STALE_MS,
        // After a suspended laptop another process may have taken over. Both builds are sound then: each
        // has a folder of its own and moves the finished file into place in one step.
        onCompromised: () => {},
      })
      // Releasing a lock that was taken over fails, and there is nothing left to release.
      return { [Symbol.asyncDispose]: () => release().catch(() => {}) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error
      if (attempt === 0) onWait()
      await sleep(POLL_MS, undefined, { signal })
    }
  }
}
