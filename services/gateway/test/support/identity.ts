import { publicServices } from '@faultline/contracts'
import { connectNats } from '@faultline/service-kit'
import { type ServedApp, serve, type TestTelemetry, testTelemetry } from '@faultline/test-support/telemetry'
import { createApp } from '../../src/app.ts'
import { createIdentity, type Identity, type IdentityOptions } from '../../src/identity.ts'

/** A gateway with real sessions inside the test's process; the services behind it answer 404. */
export interface IdentityGateway extends ServedApp {
  readonly telemetry: TestTelemetry
  readonly identity: Identity
}

export async function startIdentityGateway(
  options: Pick<IdentityOptions, 'databaseUrl'> & Partial<IdentityOptions> & { natsUrl: string },
): Promise<IdentityGateway> {
  const telemetry = testTelemetry()
  const nats = connectNats({ url: options.natsUrl, name: 'gateway', ...telemetry, retryMs: 20 })
  const identity = createIdentity({
    keysSecret: 'a secret of the test, long enough for it',
    keyLeadMs: 600_000,
    keyMaxAgeMs: 86_400_000,
    nats,
    telemetry,
    ...options,
  })
  const notThere = async () => ({ status: 404, headers: {}, body: PROBLEM })
  const app = createApp({
    telemetry,
    identity,
    shedding: { isOn: () => true },
    upstreams: publicServices.map((service) => ({ service, client: { call: notThere } })),
  })
  await identity.start()
  const server = await serve(app)
  return {
    url: server.url,
    telemetry,
    identity,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await identity.close()
      await nats.close()
    },
  }
}

const PROBLEM = JSON.stringify({
  type: 'urn:faultline:problem:resource-not-found',
  title: 'There is no such resource',
  status: 404,
  detail: 'there is none',
  instance: '/',
  requestId: 'r',
})
