import PQueue from 'p-queue'
import { type BuildProgress, buildBinary } from './build.ts'
import { acquireBuildLock, cachedPath, cacheRoot } from './cache.ts'
import { onDisk } from './disk.ts'
import { fromEnvironment, fromPath, isExecutableFile, type ResolvedBinary } from './installed.ts'
import { type BinaryName, type BinarySpec, binarySpec, type GoBuild, pathVariable } from './table.ts'
import { BinaryUnavailableError } from './unavailable.ts'

export interface ResolveOptions {
  /** Called for every step of a build; never called when the binary is there already. */
  readonly onProgress?: (progress: BuildProgress) => void
  /** Ends a build, together with all processes that it started; the promise rejects with its reason. */
  readonly signal?: AbortSignal
  /** Environment to read `PATH`, `FAULTLINE_BIN_*`, `FAULTLINE_CACHE_DIR` and Go's settings from. Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv
}

/** Builds of this process, in the order they were asked for; the lock file keeps other processes apart. */
const builds = new PQueue({ concurrency: 1 })

/**
 * Finds a binary, or builds it: an explicit path in the environment (`FAULTLINE_BIN_PROMETHEUS=/path`),
 * then `PATH` where its version is supported, then the kit's cache, then a build from its pinned Go module.
 * Many calls at once, from this or other processes, build it once.
 *
 * @throws BinaryUnavailableError with the cause and the way out
 * @throws the signal's reason when aborted
 */
export async function resolveBinary(name: BinaryName, options: ResolveOptions = {}): Promise<ResolvedBinary> {
  const env = options.env ?? process.env
  const spec = binarySpec(name)
  options.signal?.throwIfAborted()
  const named = await fromEnvironment(spec, env)
  if (named !== undefined) return named
  const installed = await fromPath(spec, env)
  if (installed.found !== undefined) return installed.found
  if (spec.build === undefined) throw notFound(spec, installed.refused)
  return fromBuild(spec, spec.build, env, options)
}

/**
 * Whether a program that the kit does not build is there; if not, its stand-in takes its place. One that is there in
 * another version is worth a notice: whoever put it on `PATH` meant it to be used.
 *
 * @throws BinaryUnavailableError when one was named but does not run
 */
export async function isInstalled(
  name: BinaryName,
  notice: (text: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<boolean> {
  try {
    await resolveBinary(name, { env })
    return true
  } catch (error) {
    if (!(error instanceof BinaryUnavailableError) || error.reason !== 'not-found') throw error
    if (error.refused.length > 0) notice(`${error.problem}: it is not used`)
    return false
  }
}

async function fromBuild(
  spec: BinarySpec,
  build: GoBuild,
  env: NodeJS.ProcessEnv,
  { signal, onProgress = () => {} }: ResolveOptions,
): Promise<ResolvedBinary> {
  const cache = cacheRoot(env)
  const path = await cachedPath(spec.name, build, env)
  const resolved = (source: 'cache' | 'built'): ResolvedBinary => ({
    name: spec.name,
    path,
    version: build.version,
    source,
  })
  if (await isExecutableFile(path)) return resolved('cache')

  const waiting = (): void => onProgress({ binary: spec.name, phase: 'waiting' })
  signal?.throwIfAborted()
  if (builds.pending > 0) waiting()
  // An abort takes a waiting build out of the queue at once; a running one ends when it has cleaned up.
  const queued = new AbortController()
  const leave = (): void => queued.abort(signal?.reason)
  signal?.addEventListener('abort', leave, { once: true })
  return builds.add(
    async () => {
      signal?.removeEventListener('abort', leave)
      await using _lock = await onDisk(spec, () => acquireBuildLock(cache, waiting, signal))
      // Whoever held the lock before may have built this very binary.
      if (await isExecutableFile(path)) return resolved('cache')
      await buildBinary(spec, build, { cache, target: path, env, signal, onProgress })
      return resolved('built')
    },
    { signal: queued.signal },
  )
}

function notFound(spec: BinarySpec, refused: readonly string[]): BinaryUnavailableError {
  const seen = refused.length === 0 ? '' : ` (${refused.join(', ')}; the kit needs ${spec.supported})`
  return new BinaryUnavailableError({
    binary: spec.name,
    reason: 'not-found',
    refused,
    problem: `${spec.name} is not on PATH in a supported version${seen}`,
    wayOut: `Put ${spec.executables.join(' or ')} (version ${spec.supported}) on PATH, or set ${pathVariable(spec.name)} to its path.`,
  })
}
