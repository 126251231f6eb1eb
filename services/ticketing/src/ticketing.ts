import { USER_TOKEN_AUDIENCE } from '@faultline/contracts'
import {
  createDatabase,
  createTokenVerifier,
  type DatabaseOptions,
  type Flags,
  type Nats,
  type RunnableService,
  type TokenVerifierOptions,
} from '@faultline/service-kit'
import type { Telemetry } from '@faultline/telemetry'
import { type AppDependencies, createApp } from './app.ts'
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

export interface TicketingOptions extends Pick<DatabaseOptions, 'url' | 'maxConnections'> {
  telemetry: Pick<
    Telemetry,
    'logger' | 'register' | 'middleware' | 'instrumentPool' | 'messaging' | 'exemplar'
  >
  nats: Nats
  flags: Pick<Flags, 'value'>
  /** Whose access tokens are taken. */
  tokens: Pick<TokenVerifierOptions, 'issuers' | 'revocations'>
  policies?: DeliveryPolicies
  webhookClient?: Omit<WebhookClientOptions, 'guard'>
  /** How names of webhooks' hosts are looked up; by the system otherwise. */
  resolve?: Resolve
  shedding?: Partial<AppDependencies['shedding']>
}

/** Ticketing, put together; it does not listen yet, but its consumers work. */
export function createTicketing(options: TicketingOptions): RunnableService {
  const { telemetry, nats, flags, policies = deliveryDefaults } = options
  const { logger, register } = telemetry
  const database = createDatabase({
    url: options.url,
    ...(options.maxConnections !== undefined && { maxConnections: options.maxConnections }),
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
    app: createApp({
      telemetry,
      verifier,
      tickets,
      webhooks,
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
