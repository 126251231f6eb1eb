/** Exit codes of the command `faultline`, one meaning each. */
export const ExitCode = { done: 0, checkFailed: 1, wrongUse: 2, environmentLacks: 3 } as const
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]
export type FailureCode = Exclude<ExitCode, 0>

/** An expected failure: its message is for people (what happened and the way out), without a stack trace. */
export class StackError extends Error {
  readonly exitCode: FailureCode

  constructor(message: string, exitCode: FailureCode, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StackError'
    this.exitCode = exitCode
  }
}

/** The machine lacks something: a free port, a permission, disk space, a tool. */
export function environmentLacks(message: string, cause?: unknown): StackError {
  return new StackError(message, ExitCode.environmentLacks, { cause })
}

/** The caller asked for something that does not exist. */
export function wrongUse(message: string): StackError {
  return new StackError(message, ExitCode.wrongUse)
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The `code` of a Node system error (`ENOENT`, `EACCES` …), if it is one. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
