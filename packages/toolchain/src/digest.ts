import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheRoot, REPOSITORY_ROOT, toolFolder } from './paths.ts'
import type { GoBuild } from './table.ts'
import type { BinaryName } from './types.ts'

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
  return build.tags.length === 0 ? flags : [...flags, `-tags=${build.tags.join(',')}`]
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
