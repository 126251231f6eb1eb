import { join } from 'node:path'
import { findLeftover, leftoverText, undoLeftover } from '@faultline/drill-engine'
import {
  COMPOSE_FOLDER,
  connectCompose,
  connectRuntime,
  defaultStateDir,
  type ExitCode,
  environmentLacks,
  messageOf,
  type Runtime,
  StackError,
} from '@faultline/runtime'
import { connect, type NatsConnection } from '@nats-io/transport-node'

const BROKER_TIMEOUT_MS = 3_000

/** An expected end of a command other than success; what people need to know has been printed. */
export class CommandFailed extends Error {
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode) {
    super(`exit code ${exitCode}`)
    this.exitCode = exitCode
  }
}

/** Which of the two ways of running a command is about; {@link COMPOSE_OPTION} of its options. */
export interface WhichKit {
  readonly compose?: true | undefined
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
    throw environmentLacks(`${error.message}${other}`)
  }
}

function runsInContainers(): Promise<boolean> {
  return connectCompose(kitStateDir({ compose: true })).then(
    () => true,
    () => false,
  )
}

/**
 * Connects to the running kit's broker, straight and not through the proxy that drills cut.
 * @throws StackError (environment) when the kit does not run or its broker does not answer
 */
export async function connectBroker(which: WhichKit): Promise<NatsConnection> {
  await using runtime = await connectKit(which)
  const { nats } = runtime.endpoints('nats')
  try {
    return await connect({ servers: nats, name: 'faultline', timeout: BROKER_TIMEOUT_MS, reconnect: false })
  } catch (error) {
    const [status, logs] = which.compose
      ? ['npx faultline status --compose', 'docker compose logs nats']
      : ['npx faultline status', 'npx faultline logs nats']
    throw environmentLacks(
      `the broker does not answer at ${nats} (${messageOf(error)}): ${status} shows whether it runs, ${logs} what it says`,
      error,
    )
  }
}

/** Says what a drill left in the kit, if it did. */
export async function tellLeftover(which: WhichKit): Promise<void> {
  const left = await findLeftover(kitStateDir(which)).catch(() => undefined)
  if (left !== undefined) console.error(leftoverText(left, undoneBy(which)))
}

/** The commands that undo what a drill left behind, for people; `docker compose` knows nothing of drills. */
export function undoneBy({ compose }: WhichKit): string {
  return compose ? '"npx faultline drill --undo --compose"' : '"npx faultline drill --undo" or "down"'
}

/** Takes out what a killed drill left in. Where the kit cannot do it now, the journal stays, and a message says so. */
export async function undoBefore(runtime: Runtime, stateDir: string): Promise<void> {
  try {
    const left = await undoLeftover(runtime, stateDir)
    if (left !== undefined) console.log(`Took out what the drill ${left.drill} had left in.`)
  } catch (error) {
    console.error(
      `What a drill left in could not be taken out; the next "up" or "drill" tries again: ${messageOf(error)}`,
    )
  }
}
