import { FLAGS_BUCKET } from '@faultline/contracts'
import { Kvm } from '@nats-io/kv'
import { connect } from '@nats-io/transport-node'
import { EnvironmentFailure } from '../errors.ts'

const TIMEOUT_MS = 5000

/** Sets a flag for all replicas at once, or, with undefined, gives it back its default. */
export async function setFlag(url: string, name: string, value: string | boolean | undefined): Promise<void> {
  const connection = await connect({
    servers: url,
    name: 'drill',
    timeout: TIMEOUT_MS,
    reconnect: false,
  }).catch((error: unknown) => {
    throw new EnvironmentFailure(`the broker does not answer on ${url}`, { cause: error })
  })
  try {
    const bucket = await new Kvm(connection).create(FLAGS_BUCKET)
    if (value === undefined) await bucket.delete(name)
    else await bucket.put(name, JSON.stringify(value))
  } finally {
    await connection.close()
  }
}
