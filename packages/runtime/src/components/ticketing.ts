import type { ComponentDefinition } from '../component.ts'
import { proxiedNatsUrl, serviceDatabaseUrl } from '../endpoints.ts'
import type { StackContext } from './context.ts'
import { gatewayKeySetUrl } from './gateway.ts'
import { koaService, migrateTask } from './koa-service.ts'

export function ticketingMigrate(context: StackContext): ComponentDefinition {
  return migrateTask(context, 'ticketing')
}

/** Tickets and webhooks. */
export function ticketing(context: StackContext): ComponentDefinition {
  const { ports } = context
  return koaService(context, {
    service: 'ticketing',
    api: 'ticketing',
    admin: 'ticketingAdmin',
    dependsOn: ['ticketing-migrate'],
    env: {
      DATABASE_URL: serviceDatabaseUrl(ports, 'ticketing'),
      NATS_URL: proxiedNatsUrl(ports),
      GATEWAY_JWKS_URL: gatewayKeySetUrl(ports),
    },
  })
}
