import type { BuildLog } from './command.ts'
import { type BinaryName, type BinarySpec, pathVariable } from './table.ts'

/**
 * Why a binary is not available:
 * - `not-found`: neither in the environment nor on `PATH`, and the kit does not build it (Tempo,
 *   Pyroscope, Grafana): the caller takes its stand-in
 * - `bad-path`: the path in the environment is not a program that runs
 * - `no-go`, `go-too-old`: nothing to build it with
 * - `no-space`, `no-permission`: nowhere to build it
 * - `download-failed`: its modules could not be fetched
 * - `build-failed`: the compiler or the linker refused, or what came out does not run
 */
export type UnavailableReason =
  | 'not-found'
  | 'bad-path'
  | 'no-go'
  | 'go-too-old'
  | 'no-space'
  | 'no-permission'
  | 'download-failed'
  | 'build-failed'

interface UnavailableDetails {
  readonly binary: BinaryName
  readonly reason: UnavailableReason
  /** One line that names the cause. */
  readonly problem: string
  /** One line that says what to do about it. */
  readonly wayOut: string
  /** Programs of that name that were found and not taken, each with the reason. */
  readonly refused?: readonly string[]
  /** File with all that the build printed. */
  readonly logFile?: string
  /** Last lines of that file. */
  readonly logTail?: readonly string[]
}

/**
 * A binary is not available: something is missing from the machine, which commands report with exit code 3.
 * The message holds the problem and the way out (and the end of the build log, if there is one), ready to print.
 */
export class BinaryUnavailableError extends Error {
  override readonly name = 'BinaryUnavailableError'
  readonly binary: BinaryName
  readonly reason: UnavailableReason
  readonly problem: string
  readonly wayOut: string
  readonly refused: readonly string[]
  readonly logFile: string | undefined
  readonly logTail: readonly string[]

  constructor(details: UnavailableDetails, options?: ErrorOptions) {
    const tail = (details.logTail ?? []).map((line) => `  | ${line}`)
    super([details.problem, details.wayOut, ...tail].join('\n'), options)
    this.binary = details.binary
    this.reason = details.reason
    this.problem = details.problem
    this.wayOut = details.wayOut
    this.refused = details.refused ?? []
    this.logFile = details.logFile
    this.logTail = details.logTail ?? []
  }
}

/** What to do where a binary cannot be built: the alternatives to a build. */
export function withoutBuild(spec: BinarySpec): string {
  const programs = spec.executables.join(' or ')
  return `put ${programs} (version ${spec.supported}) on PATH, or set ${pathVariable(spec.name)} to its path`
}

export function noSpace(spec: BinarySpec, detail: string): BinaryUnavailableError {
  return new BinaryUnavailableError({
    binary: spec.name,
    reason: 'no-space',
    problem: `No room on disk to build ${spec.name}: ${detail}`,
    wayOut: `Free some space (go clean -cache helps), or point FAULTLINE_CACHE_DIR, GOCACHE and GOMODCACHE to another disk, or ${withoutBuild(spec)}.`,
  })
}

export function noPermission(spec: BinarySpec, detail: string): BinaryUnavailableError {
  return new BinaryUnavailableError({
    binary: spec.name,
    reason: 'no-permission',
    problem: `No permission to write what building ${spec.name} needs: ${detail}`,
    wayOut: `Make the folder writable, or point FAULTLINE_CACHE_DIR (and GOCACHE, GOMODCACHE) to one that is, or ${withoutBuild(spec)}.`,
  })
}

const TAIL_LINES = 12

const NO_SPACE = /no space left on device|disk quota exceeded/
const NO_PERMISSION = /: (?:permission denied|read-only file system)/
const CHECKSUM = /checksum mismatch|SECURITY ERROR/
const DOWNLOAD =
  /dial tcp|no such host|i\/o timeout|proxyconnect|TLS handshake|\b(?:403 Forbidden|404 Not Found|410 Gone|50\d [A-Z])|unrecognized import path|module lookup disabled/

/** Turns what a failed build printed into the cause and the way out. */
export function explainFailure(
  spec: BinarySpec,
  log: Pick<BuildLog, 'path' | 'lines'>,
): BinaryUnavailableError {
  const lineWith = (pattern: RegExp): string | undefined => log.lines.find((line) => pattern.test(line))
  const space = lineWith(NO_SPACE)
  if (space !== undefined) return noSpace(spec, space)
  const permission = lineWith(NO_PERMISSION)
  if (permission !== undefined) return noPermission(spec, permission)

  const failed = (reason: UnavailableReason, problem: string, wayOut: string): BinaryUnavailableError =>
    new BinaryUnavailableError({
      binary: spec.name,
      reason,
      problem: `${problem} (log: ${log.path})`,
      wayOut: `${wayOut}, or ${withoutBuild(spec)}.`,
      logFile: log.path,
      logTail: log.lines.slice(-TAIL_LINES),
    })
  if (lineWith(CHECKSUM) !== undefined) {
    return failed(
      'download-failed',
      `A module of ${spec.name} differs from its pinned checksum`,
      'Something on the way changes modules, so do not build from them: check GOPROXY',
    )
  }
  if (lineWith(DOWNLOAD) !== undefined) {
    return failed(
      'download-failed',
      `The modules of ${spec.name} could not be downloaded`,
      'Check the network and GOPROXY and start again',
    )
  }
  return failed(
    'build-failed',
    `Building ${spec.name} failed`,
    'The last lines of the log say why; start again after a change',
  )
}

/** A build that came out as another version than the pinned one: the table and go.mod disagree. */
export function wrongVersion(
  spec: BinarySpec,
  pinned: string,
  printed: string | undefined,
): BinaryUnavailableError {
  return new BinaryUnavailableError({
    binary: spec.name,
    reason: 'build-failed',
    problem: `${spec.name} was built, but prints version ${printed ?? 'nothing'} instead of ${pinned}`,
    wayOut: `Compare packages/toolchain/src/table.ts with tools/, or ${withoutBuild(spec)}.`,
  })
}
