import { join } from 'node:path'
import {
  connectCompose,
  connectRuntime,
  defaultStateDir,
  ExitCode,
  type Runtime,
  StackError,
} from '@faultline/stack'

/** Which of the two ways of running a command is about; `--compose` of its options. */
export interface WhichKit {
  readonly compose?: true
}

/** Where commands keep what belongs to that kit: journals and reports of the one are not taken for those of the other. */
export function kitStateDir({ compose }: WhichKit): string {
  return compose ? join(defaultStateDir(), 'compose') : defaultStateDir()
}

/**
 * The running kit. One that does not run is something to start, not a claim that proved false.
 * @throws StackError (environment) when there is none
 */
export async function connectKit(which: WhichKit): Promise<Runtime> {
  try {
    return await (which.compose ? connectCompose(kitStateDir(which)) : connectRuntime(kitStateDir(which)))
  } catch (error) {
    throw error instanceof StackError ? new StackError(error.message, ExitCode.environmentLacks) : error
  }
}
