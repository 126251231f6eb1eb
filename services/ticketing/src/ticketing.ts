import { ticketingDocument, USER_TOKEN_AUDIENCE } from '@faultline/contracts'
import {
  createDatabase,
  createServiceApp,
  createTokenVerifier,
  type Flags,
  type Nats,
  type RunnableService,
  type ServiceContext,
  type Shedding,
  type TokenVerifierOptions,
} from '@faultline/service-kit'
import { consumerDefinitions, type DeliveryPolicies, deliveryDefaults } from './consumers/definitions.ts'
import { watchLag } from './consumers/lag.ts'
import { createConsumerMetrics } from './consumers/metrics.ts'
import { runConsumer } from './consumers/run-consumer.ts'
import { createAddressGuard, type Resolve } from './domain/address-guard.ts'
import { createTickets } from './domain/tickets.ts'
import { createWebhookClient, type WebhookClientOptions } from './domain/webhook-client.ts'
import { createWebhooks } from './domain/webhooks.ts'
import { createTicketRepository } from './repositories/tickets.ts'
import { createWebhookRepository } from './repositories/webhooks.ts'
import { asProblem } from './routes/problems.ts'
import { ticketRoutes } from './routes/tickets.ts'
import { webhookRoutes } from './routes/webhooks.ts'

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
