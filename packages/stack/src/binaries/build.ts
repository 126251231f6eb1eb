import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { finished } from 'node:stream/promises'
import { CommandFailedError } from './command.ts'
import { compile } from './compile.ts'
import { noPermission, noSpace, onDisk, requireSpace } from './disk.ts'
import { BinaryUnavailableError } from './errors.ts'
import type { BinarySpec, GoBuild } from './table.ts'
import { findGo, goEnvironment, withoutBuild } from './toolchain.ts'
import type { BuildProgress } from './types.ts'
import { readVersion } from './version.ts'

const TAIL_LINES = 12
const TICK_MS = 1000

export interface BuildOptions {
  readonly cache: string
  /** Where the finished executable goes. */
  readonly target: string
  readonly env: NodeJS.ProcessEnv
  readonly signal?: AbortSignal | undefined
  readonly onProgress: (progress: BuildProgress) => void
}

/**
 * Builds a binary and moves it to its place in the cache in one step. The caller holds the build lock.
 *
 * @throws BinaryUnavailableError
 */
export async function buildBinary(spec: BinarySpec, build: GoBuild, options: BuildOptions): Promise<void> {
  const { cache, target, signal } = options
  const binary = spec.name
  const go = await findGo(spec, options.env)
  const builds = join(cache, 'tmp')
  const logs = join(cache, 'logs')
  await onDisk(spec, async () => {
    for (const folder of [builds, logs, dirname(target)]) await mkdir(folder, { recursive: true })
    await removeAbandoned(builds)
  })
  await requireSpace(spec, [cache, go.buildCache, go.moduleCache], build.diskMiB)

  const started = performance.now()
  const elapsed = (): number => Math.round((performance.now() - started) / 1000)
  options.onProgress({ binary, phase: 'started', expectedSeconds: build.expectedSeconds })
  const work = await onDisk(spec, () => mkdtemp(join(builds, `${process.pid}-`)))
  const logFile = join(logs, `${binary}.log`)
  const log = createWriteStream(logFile)
  const counts = { modules: 0, compiled: 0, total: 0 }
  const compiling = (): void => {
    const share = Math.min(0.99, elapsed() / build.expectedSeconds)
    options.onProgress({
      binary,
      phase: 'compiling',
      elapsedSeconds: elapsed(),
      expectedSeconds: build.expectedSeconds,
      share,
      compiledPackages: counts.compiled,
      totalPackages: counts.total,
    })
  }
  let timer: NodeJS.Timeout | undefined
  try {
    options.onProgress({ binary, phase: 'downloading', modules: 0 })
    const output = await compile(build, {
      go,
      env: goEnvironment(options.env, work),
      work,
      log,
      signal,
      onModule: () => options.onProgress({ binary, phase: 'downloading', modules: ++counts.modules }),
      onPackages: (total) => {
        counts.total = total
        compiling()
        timer = setInterval(compiling, TICK_MS)
      },
      onPackage: () => {
        counts.compiled++
      },
    })
    await checkVersion(spec, build, output, logFile)
    await onDisk(spec, () => moveIntoPlace(output, target))
  } catch (error) {
    if (!(error instanceof CommandFailedError)) throw error
    log.end()
    await finished(log)
    throw explain(spec, await readFile(logFile, 'utf8'), logFile)
  } finally {
    clearInterval(timer)
    log.destroy()
    await rm(work, { recursive: true, force: true })
  }
  options.onProgress({ binary, phase: 'done', elapsedSeconds: elapsed(), path: target })
}

/** Removes the work folders of builders that were killed. */
async function removeAbandoned(builds: string): Promise<void> {
  for (const name of await readdir(builds)) {
    if (!isAlive(Number.parseInt(name, 10))) await rm(join(builds, name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Whoever finds the file under its final name finds all of it, even after a power cut. */
async function moveIntoPlace(output: string, target: string): Promise<void> {
  const file = await open(output, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(output, target)
}

async function checkVersion(
  spec: BinarySpec,
  build: GoBuild,
  output: string,
  logFile: string,
): Promise<void> {
  const version = await readVersion(spec, output)
  if (version === build.version) return
  throw new BinaryUnavailableError({
    binary: spec.name,
    reason: 'build-failed',
    problem: `${spec.name} was built, but tells version ${version ?? 'nothing'} in place of ${build.version}`,
    wayOut: `Compare packages/stack/src/binaries/table.ts with tools/${build.folder}/go.mod, or ${withoutBuild(spec)}.`,
    logFile,
  })
}

const CAUSES = {
  noSpace: /no space left on device|disk quota exceeded/,
  noPermission: /: (?:permission denied|read-only file system)/,
  checksum: /checksum mismatch|SECURITY ERROR/,
  download:
    /dial tcp|no such host|i\/o timeout|proxyconnect|TLS handshake|\b(?:403 Forbidden|404 Not Found|410 Gone|50\d [A-Z])|unrecognized import path|module lookup disabled/,
}

/** Turns what a failed build printed into the cause and the way out. */
export function explain(spec: BinarySpec, output: string, logFile: string): BinaryUnavailableError {
  const lines = output.trimEnd().split('\n')
  const lineWith = (pattern: RegExp): string | undefined => lines.find((line) => pattern.test(line))
  const space = lineWith(CAUSES.noSpace)
  if (space !== undefined) return noSpace(spec, space)
  const permission = lineWith(CAUSES.noPermission)
  if (permission !== undefined) return noPermission(spec, permission)
  const common = { binary: spec.name, logFile, logTail: lines.slice(-TAIL_LINES) }
  if (lineWith(CAUSES.checksum) !== undefined) {
    return new BinaryUnavailableError({
      ...common,
      reason: 'download-failed',
      problem: `A module of ${spec.name} differs from its pinned checksum (log: ${logFile})`,
      wayOut: `Do not build from it: something on the way to the module proxy changes modules. Check GOPROXY, or ${withoutBuild(spec)}.`,
    })
  }
  if (lineWith(CAUSES.download) !== undefined) {
    return new BinaryUnavailableError({
      ...common,
      reason: 'download-failed',
      problem: `The modules of ${spec.name} could not be downloaded (log: ${logFile})`,
      wayOut: `Check the network and GOPROXY, then start again, or ${withoutBuild(spec)}.`,
    })
  }
  return new BinaryUnavailableError({
    ...common,
    reason: 'build-failed',
    problem: `Building ${spec.name} failed (log: ${logFile})`,
    wayOut: `The last lines below say why. Start again after a change, or ${withoutBuild(spec)}.`,
  })
}
