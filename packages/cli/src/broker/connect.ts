import { ExitCode, messageOf, StackError } from '@faultline/runtime'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { connectKit, type WhichKit } from '../kit.ts'

/** Gives a connection to a kit's broker; whoever takes it closes it. */
export type ConnectBroker = (which: WhichKit) => Promise<NatsConnection>

const TIMEOUT_MS = 3_000

/**
 * Connects to the running kit's broker, straight and not through the proxy that drills cut.
 *
 * @throws StackError when the kit does not run or its broker does not answer
 */
export async function connectKitBroker(which: WhichKit): Promise<NatsConnection> {
  await using runtime = await connectKit(which)
  const { nats } = runtime.endpoints('nats')
  try {
    return await connect({ servers: nats, name: 'faultline', timeout: TIMEOUT_MS, reconnect: false })
  } catch (error) {
    const [status, logs] = which.compose
      ? ['npx faultline status --compose', 'docker compose logs nats']
      : ['npx faultline status', 'npx faultline logs nats']
    throw new StackError(
      `the broker does not answer at ${nats} (${messageOf(error)}): ${status} shows whether it runs, ${logs} what it says`,
      ExitCode.environmentLacks,
      { cause: error },
    )
  }
}
