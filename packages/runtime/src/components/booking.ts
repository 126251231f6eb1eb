import type { ComponentDefinition } from '../component.ts'
import { proxiedNatsUrl, serviceDatabaseUrl } from '../endpoints.ts'
import { proxiedUrl } from '../proxies.ts'
import type { StackContext } from './context.ts'
import { gatewayKeySetUrl } from './gateway.ts'
import { koaService, migrateTask } from './koa-service.ts'

/** Booking sells the catalog's seats, so its rights are granted on the catalog's tables. */
export function bookingMigrate(context: StackContext): ComponentDefinition {
  return migrateTask(context, 'booking', ['catalog-migrate'])
}

/** Reservations and orders. */
export function booking(context: StackContext): ComponentDefinition {
  const { ports } = context
  return koaService(context, {
    service: 'booking',
    api: 'booking',
    admin: 'bookingAdmin',
    dependsOn: ['booking-migrate'],
    env: {
      DATABASE_URL: serviceDatabaseUrl(ports, 'booking'),
      NATS_URL: proxiedNatsUrl(ports),
      PAYMENTS_URL: proxiedUrl(ports, 'payments'),
      GATEWAY_JWKS_URL: gatewayKeySetUrl(ports),
    },
  })
}
