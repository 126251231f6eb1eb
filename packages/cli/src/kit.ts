import { join } from 'node:path'
import {
  COMPOSE_FOLDER,
  connectCompose,
  connectRuntime,
  defaultStateDir,
  ExitCode,
  type Runtime,
  StackError,
} from '@faultline/runtime'

/** Which of the two ways of running a command is about; {@link COMPOSE_OPTION} of its options. */
export interface WhichKit {
  readonly compose?: true
}

/** Flag and description of an option. */
export const COMPOSE_OPTION = ['--compose', 'the kit that docker compose has started'] as const

/** Where commands keep what belongs to that kit: journals and reports of the one are not taken for those of the other. */
export function kitStateDir({ compose }: WhichKit): string {
  return compose ? join(defaultStateDir(), COMPOSE_FOLDER) : defaultStateDir()
}

/**
 * The running kit. One that does not run is something to start, not a claim that proved false.
 * @throws StackError (environment) when there is none, saying so when only the other way of running has one
 */
export async function connectKit(which: WhichKit): Promise<Runtime> {
  try {
    return await (which.compose ? connectCompose(kitStateDir(which)) : connectRuntime(kitStateDir(which)))
  } catch (error) {
    if (!(error instanceof StackError)) throw error
    const other =
      !which.compose && (await runsInContainers()) ? '; one runs in containers: add --compose' : ''
    throw new StackError(`${error.message}${other}`, ExitCode.environmentLacks)
  }
}

function runsInContainers(): Promise<boolean> {
  return connectCompose(kitStateDir({ compose: true })).then(
    () => true,
    () => false,
  )
}
