import { join } from 'node:path'
import { ticketingDocument, USER_TOKEN_AUDIENCE, USER_TOKEN_ISSUER } from '@faultline/contracts'
import {
  connectNats,
  createDatabase,
  createFlags,
  createServiceApp,
  createTokenVerifier,
  defineService,
  type Flags,
  jwksUrl,
  type Nats,
  natsUrl,
  type RunnableService,
  type ServiceContext,
  type Shedding,
  type TokenVerifierOptions,
  watchRevocations,
} from '@faultline/service-kit'
import { createConsumerMetrics, watchLag } from './consumers/metrics.ts'
import {
  consumerDefinitions,
  type DeliveryPolicies,
  deliveryDefaults,
  runConsumer,
} from './consumers/run-consumer.ts'
import { createAddressGuard, type Resolve } from './domain/address-guard.ts'
import { createTickets } from './domain/tickets.ts'
import { createWebhookClient, type WebhookClientOptions } from './domain/webhook-client.ts'
import { createWebhooks } from './domain/webhooks.ts'
import { createTicketRepository } from './repositories/tickets.ts'
import { createWebhookRepository } from './repositories/webhooks.ts'
import { asProblem, ticketRoutes, webhookRoutes } from './routes.ts'

export const ticketing = defineService({
  name: 'ticketing',
  port: 8087,
  variables: {
    NATS_URL: natsUrl(),
    GATEWAY_JWKS_URL: jwksUrl("the gateway's", 'http://127.0.0.1:8081/.well-known/jwks.json'),
  },
  migrations: join(import.meta.dirname, '../migrations'),
  peers: ({ GATEWAY_JWKS_URL }) => ({ gateway: [GATEWAY_JWKS_URL] }),
  build({ config, database, telemetry }) {
    const { logger, register } = telemetry
    const nats = connectNats({ url: config.NATS_URL, name: 'ticketing', logger, register })
    return createTicketing({
      database,
      telemetry,
      nats,
      flags: createFlags({ nats, logger, register }),
      tokens: {
        issuers: [{ issuer: USER_TOKEN_ISSUER, jwksUrl: config.GATEWAY_JWKS_URL }],
        revocations: watchRevocations({ nats, logger }),
      },
    })
  },
})

if (import.meta.main) await ticketing.run()

export interface TicketingOptions extends Pick<ServiceContext, 'database' | 'telemetry'> {
  nats: Nats
  flags: Pick<Flags, 'value'>
  /** Whose access tokens are taken. */
  tokens: Pick<TokenVerifierOptions, 'issuers' | 'revocations'>
  policies?: DeliveryPolicies
  webhookClient?: Omit<WebhookClientOptions, 'guard'>
  /** How names of webhooks' hosts are looked up; by the system otherwise. */
  resolve?: Resolve
  shedding?: Partial<Shedding>
}

/** Ticketing, put together; it does not listen yet, but its consumers work. */
export function createTicketing(options: TicketingOptions): RunnableService {
  const { telemetry, nats, flags, policies = deliveryDefaults } = options
  const { logger, register } = telemetry
  const database = createDatabase({
    ...options.database,
    telemetry,
    name: 'ticketing',
    checkStatement: 'SELECT FROM tickets LIMIT 1',
  })
  const tickets = createTickets({ repository: createTicketRepository(database), telemetry })
  const guard = createAddressGuard(() => flags.value('webhook-address-guard'), options.resolve)
  const client = createWebhookClient({ ...options.webhookClient, guard })
  const repository = createWebhookRepository(database)
  const webhooks = createWebhooks({ repository, guard, client, logger, register })

  const metrics = createConsumerMetrics(register)
  const definitions = consumerDefinitions({ tickets, webhooks }, policies)
  const consumers = definitions.map((definition) => runConsumer(nats, definition, { telemetry, metrics }))
  const names = definitions.map(({ name }) => name)
  const lag = watchLag(nats, names, metrics, logger)

  const verifier = createTokenVerifier({ ...options.tokens, audience: USER_TOKEN_AUDIENCE, register, logger })
  return {
    app: createServiceApp({
      telemetry,
      document: ticketingDocument(),
      routes: [ticketRoutes(tickets, verifier), webhookRoutes(webhooks, verifier)],
      asProblem,
      shedding: { isOn: () => flags.value('load-shedding'), ...options.shedding },
    }),
    checks: { database: () => database.check() },
    // Tickets that are there can be had without the broker.
    observed: { nats: () => nats.check() },
    async close() {
      lag.stop()
      await Promise.all(consumers.map((consumer) => consumer.stop()))
      await nats.close()
      await client.close()
      await database.close()
    },
  }
}
