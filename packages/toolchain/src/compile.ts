import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { BUILDER_FOLDER, buildFlags } from './digest.ts'
import type { BuildLog } from './log.ts'
import { REPOSITORY_ROOT, toolFolder } from './paths.ts'
import type { GoBuild } from './table.ts'
import type { GoToolchain } from './toolchain.ts'

export interface CompileOptions {
  readonly go: GoToolchain
  readonly env: NodeJS.ProcessEnv
  /** Folder of this build alone. */
  readonly work: string
  readonly log: BuildLog
  readonly signal?: AbortSignal | undefined
  readonly onModule: () => void
  /** Called when all modules are there. */
  readonly onPackages: (total: number) => void
  readonly onPackage: () => void
}

/** The collector builder writes its sources into this folder, see `output_path` in the manifest. */
const GENERATED = 'generated'

const DOWNLOADING = /^go: downloading /
/** Lines of `go build -v` and `go list`: an import path alone. */
const IMPORT_PATH = /^[\w.~-]+(?:\/[\w.~+-]+)*$/

/**
 * Fetches the modules, then compiles; go.sum is what verifies the modules.
 *
 * @returns the executable, inside the work folder
 * @throws CommandFailedError when one of go's commands fails
 */
export async function compile(build: GoBuild, options: CompileOptions): Promise<string> {
  const source =
    build.manifest === undefined ? toolFolder(build.folder) : await generate(build, build.manifest, options)
  const run = (args: readonly string[], onLine: (line: string) => boolean): Promise<void> =>
    runCommand(options.go.path, args, {
      cwd: source,
      env: options.env,
      log: options.log,
      signal: options.signal,
      onLine: (line) => {
        if (DOWNLOADING.test(line)) options.onModule()
        return onLine(line)
      },
    })
  const flags = buildFlags(build)

  // Unlike `go mod download`, this fetches only what this program needs.
  let total = 0
  await run(['list', '-deps', ...flags, build.package], (line) => {
    const isPackage = IMPORT_PATH.test(line)
    if (isPackage) total++
    return !isPackage
  })
  options.onPackages(total)

  const output = join(options.work, build.file)
  await run(['build', '-v', ...flags, '-o', output, build.package], (line) => {
    if (IMPORT_PATH.test(line)) options.onPackage()
    return true
  })
  return output
}

/**
 * Generates the collector's sources from the manifest and lays the pinned go.mod and go.sum beside
 * them, so that the builder resolves nothing by itself.
 */
async function generate(build: GoBuild, manifest: string, options: CompileOptions): Promise<string> {
  const { go, env, work, log, signal, onModule } = options
  const builder = join(work, 'ocb')
  const onLine = (line: string): boolean => {
    if (DOWNLOADING.test(line)) onModule()
    return true
  }
  await runCommand(
    go.path,
    [
      'build',
      '-v',
      '-trimpath',
      '-buildvcs=false',
      '-o',
      builder,
      'go.opentelemetry.io/collector/cmd/builder',
    ],
    { cwd: toolFolder(BUILDER_FOLDER), env, log, signal, onLine },
  )
  await runCommand(
    builder,
    ['--config', join(REPOSITORY_ROOT, manifest), '--skip-compilation', '--skip-get-modules'],
    { cwd: work, env, log, signal },
  )
  const source = join(work, GENERATED)
  for (const pin of ['go.mod', 'go.sum']) await cp(join(toolFolder(build.folder), pin), join(source, pin))
  return source
}
