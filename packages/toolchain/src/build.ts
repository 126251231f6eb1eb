import { mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CommandFailedError } from './command.ts'
import { compile } from './compile.ts'
import { onDisk, requireSpace } from './disk.ts'
import { explainFailure, wrongVersion } from './failure.ts'
import { BuildLog } from './log.ts'
import type { BinarySpec, GoBuild } from './table.ts'
import { findGo, goEnvironment } from './toolchain.ts'
import type { BuildProgress } from './types.ts'
import { readVersion } from './version.ts'

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
  const { expectedSeconds } = build
  options.onProgress({ binary, phase: 'started', expectedSeconds })
  const work = await onDisk(spec, () => mkdtemp(join(builds, `${process.pid}-`)))
  await using log = new BuildLog(join(logs, `${binary}.log`))
  const counts = { modules: 0, compiled: 0, total: 0 }
  const compiling = (): void =>
    options.onProgress({
      binary,
      phase: 'compiling',
      elapsedSeconds: elapsed(),
      expectedSeconds,
      share: Math.min(0.99, elapsed() / expectedSeconds),
      compiledPackages: counts.compiled,
      totalPackages: counts.total,
    })
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
    const version = await readVersion(spec, output)
    if (version !== build.version) throw wrongVersion(spec, build.version, version)
    await onDisk(spec, () => moveIntoPlace(output, target))
  } catch (error) {
    throw error instanceof CommandFailedError ? explainFailure(spec, log) : error
  } finally {
    clearInterval(timer)
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
