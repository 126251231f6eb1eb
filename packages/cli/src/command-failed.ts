import type { ExitCode } from '@faultline/runtime'

/** An expected end of a command other than success; what people need to know has been printed. */
export class CommandFailed extends Error {
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode) {
    super(`exit code ${exitCode}`)
    this.exitCode = exitCode
  }
}
