import type { ComponentDefinition } from '../component.ts'
import { HOST, proxiedNatsUrl, serviceDatabaseUrl } from '../endpoints.ts'
import type { PortTable } from '../ports.ts'
import { proxiedUrl } from '../proxies.ts'
import type { StackContext } from './context.ts'
import { koaService, migrateTask } from './koa-service.ts'

/** Public keys of the users' access tokens. */
export function gatewayKeySetUrl(ports: PortTable): string {
  return `http://${HOST}:${ports.gateway}/.well-known/jwks.json`
}

export function gatewayMigrate(context: StackContext): ComponentDefinition {
  return migrateTask(context, 'gateway')
}

/** The public API. */
export function gateway(context: StackContext): ComponentDefinition {
  const { ports } = context
  return koaService(context, {
    service: 'gateway',
    api: 'gateway',
    admin: 'gatewayAdmin',
    dependsOn: ['gateway-migrate', 'catalog-1', 'catalog-2'],
    env: {
      CATALOG_URLS: `${proxiedUrl(ports, 'catalog-1')},${proxiedUrl(ports, 'catalog-2')}`,
      BOOKING_URL: proxiedUrl(ports, 'booking'),
      TICKETING_URL: proxiedUrl(ports, 'ticketing'),
      DATABASE_URL: serviceDatabaseUrl(ports, 'gateway'),
      NATS_URL: proxiedNatsUrl(ports),
      // The edge, which has checked what it forwards.
      TRUSTED_PROXIES: HOST,
    },
  })
}
