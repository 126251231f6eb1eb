import { connectRuntime, defaultStateDir, ExitCode, messageOf, StackError } from '@faultline/stack'
import { connect, type NatsConnection } from '@nats-io/transport-node'

/** Gives a connection to the broker; whoever takes it closes it. */
export type ConnectBroker = () => Promise<NatsConnection>

const TIMEOUT_MS = 3_000

/**
 * Connects to the running kit's broker, straight and not through the proxy that drills cut.
 *
 * @throws StackError when the kit does not run or its broker does not answer
 */
export async function connectKitBroker(): Promise<NatsConnection> {
  await using runtime = await connectRuntime(defaultStateDir())
  const { nats } = runtime.endpoints()
  try {
    return await connect({ servers: nats, name: 'faultline', timeout: TIMEOUT_MS, reconnect: false })
  } catch (error) {
    const way = 'npx faultline status shows whether it runs, npx faultline logs nats what it says'
    throw new StackError(
      `the broker does not answer at ${nats} (${messageOf(error)}): ${way}`,
      ExitCode.environmentLacks,
      { cause: error },
    )
  }
}
