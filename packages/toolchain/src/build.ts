import { cp, mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { BUILDER_FOLDER, buildFlags, REPOSITORY_ROOT, toolFolder } from './cache.ts'
import { BuildLog, CommandFailedError, runCommand } from './command.ts'
import { onDisk, requireSpace } from './disk.ts'
import { findGo, goEnvironment } from './go.ts'
import { readVersion } from './installed.ts'
import type { BinaryName, BinarySpec, GoBuild } from './table.ts'
import { explainFailure, wrongVersion } from './unavailable.ts'

/** What a build reports on its way. Durations are in seconds. */
export type BuildProgress = { readonly binary: BinaryName } & (
  | {
      /** Another build runs, in this process or in another one; only one runs at a time. */
      readonly phase: 'waiting'
    }
  | {
      readonly phase: 'started'
      /** What the build took on two idle cores with nothing cached: a hint, not a promise. */
      readonly expectedSeconds: number
    }
  | {
      readonly phase: 'downloading'
      /** Modules downloaded so far; stays 0 when the module cache has them all. */
      readonly modules: number
    }
  | {
      readonly phase: 'compiling'
      readonly elapsedSeconds: number
      readonly expectedSeconds: number
      /** Elapsed as a rough share of the whole, 0 to 0.99. */
      readonly share: number
      /** Packages compiled in this build; packages that Go has cached do not count. */
      readonly compiledPackages: number
      readonly totalPackages: number
    }
  | { readonly phase: 'done'; readonly elapsedSeconds: number; readonly path: string }
)

const TICK_MS = 1000

export interface BuildOptions {
  readonly cache: string
  /** Where the finished executable goes. */
  readonly target: string
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal | undefined
  readonly onProgress: (progress: BuildProgress) => void
}

/**
 * Builds a binary and moves it to its place in the cache in one step. The caller holds the build lock.
 *
 * @throws BinaryUnavailableError
 */
export async function buildBinary(spec: BinarySpec, build: GoBuild, options: BuildOptions): Promise<void> {
  const { cache, target, signal, onProgress } = options
  const { name: binary } = spec
  const { expectedSeconds } = build
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
  onProgress({ binary, phase: 'started', expectedSeconds })
  const work = await onDisk(spec, () => mkdtemp(join(builds, `${process.pid}-`)))
  await using log = new BuildLog(join(logs, `${binary}.log`))
  let modules = 0
  const run: Run = (file, args, cwd, onLine = () => true) =>
    runCommand(file, args, {
      cwd,
      env: goEnvironment(options.env, work),
      log,
      signal,
      onLine: (line) => {
        if (DOWNLOADING.test(line)) onProgress({ binary, phase: 'downloading', modules: ++modules })
        return onLine(line)
      },
    })
  let timer: NodeJS.Timeout | undefined
  try {
    onProgress({ binary, phase: 'downloading', modules })
    const output = join(work, build.file)
    await compile(build, { go: go.path, work, output, run }, (packages) => {
      const compiling = (): void =>
        onProgress({
          binary,
          phase: 'compiling',
          elapsedSeconds: elapsed(),
          expectedSeconds,
          share: Math.min(0.99, elapsed() / expectedSeconds),
          compiledPackages: packages.compiled,
          totalPackages: packages.total,
        })
      compiling()
      timer = setInterval(compiling, TICK_MS)
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
  onProgress({ binary, phase: 'done', elapsedSeconds: elapsed(), path: target })
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
  await using file = await open(output, 'r')
  await file.sync()
  await rename(output, target)
}

const DOWNLOADING = /^go: downloading /
/** Lines of `go build -v` and `go list`: an import path alone. */
const IMPORT_PATH = /^[\w.~-]+(?:\/[\w.~+-]+)*$/

/** Runs a command of the build in a folder; lines that `onLine` answers `false` stay out of the log. */
type Run = (
  file: string,
  args: readonly string[],
  cwd: string,
  onLine?: (line: string) => boolean,
) => Promise<void>

interface Workplace {
  /** Path of the `go` command. */
  readonly go: string
  /** Folder of this build alone. */
  readonly work: string
  /** Where the executable goes. */
  readonly output: string
  readonly run: Run
}

/**
 * Fetches the modules, then compiles; go.sum is what verifies the modules.
 *
 * @param onFetched called when all modules are there, with the counts that follow the compiler
 * @throws CommandFailedError when one of go's commands fails
 */
async function compile(
  build: GoBuild,
  workplace: Workplace,
  onFetched: (packages: { readonly compiled: number; readonly total: number }) => void,
): Promise<void> {
  const { go, output, run } = workplace
  const { manifest } = build
  const source =
    manifest === undefined ? toolFolder(build.folder) : await generate(build, manifest, workplace)
  const flags = buildFlags(build)
  const packages = { compiled: 0, total: 0 }
  // Unlike `go mod download`, this fetches only what this program needs.
  await run(go, ['list', '-deps', ...flags, build.package], source, (line) => {
    const isPackage = IMPORT_PATH.test(line)
    if (isPackage) packages.total++
    return !isPackage
  })
  onFetched(packages)
  await run(go, ['build', '-v', ...flags, '-o', output, build.package], source, (line) => {
    if (IMPORT_PATH.test(line)) packages.compiled++
    return true
  })
}

/** The collector builder writes its sources into this folder, see `output_path` in the manifest. */
const GENERATED = 'generated'
const BUILDER_FLAGS = ['-v', '-trimpath', '-buildvcs=false']
const BUILDER_PACKAGE = 'go.opentelemetry.io/collector/cmd/builder'

/**
 * Generates the collector's sources from the manifest and lays the pinned go.mod and go.sum beside
 * them, so that the builder resolves nothing by itself.
 */
async function generate(build: GoBuild, manifest: string, { go, work, run }: Workplace): Promise<string> {
  const builder = join(work, 'ocb')
  await run(go, ['build', ...BUILDER_FLAGS, '-o', builder, BUILDER_PACKAGE], toolFolder(BUILDER_FOLDER))
  const config = join(REPOSITORY_ROOT, manifest)
  await run(builder, ['--config', config, '--skip-compilation', '--skip-get-modules'], work)
  const source = join(work, GENERATED)
  for (const pin of ['go.mod', 'go.sum']) await cp(join(toolFolder(build.folder), pin), join(source, pin))
  return source
}
