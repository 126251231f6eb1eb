import type { BinaryName } from './types.ts'

/**
 * Why a binary cannot be had:
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

export interface UnavailableDetails {
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
 * A binary cannot be had: something is missing from the machine, which commands report with exit code 3.
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
