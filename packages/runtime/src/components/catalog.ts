import type { ComponentDefinition } from '../component.ts'
import { proxiedCacheUrl, proxiedNatsUrl, serviceDatabaseUrl } from '../endpoints.ts'
import type { StackContext } from './context.ts'
import { gatewayKeySetUrl } from './gateway.ts'
import { koaService, migrateTask } from './koa-service.ts'

export function catalogMigrate(context: StackContext): ComponentDefinition {
  return migrateTask(context, 'catalog')
}

/** One of the two replicas of the catalog. */
export function catalog(context: StackContext, replica: 1 | 2): ComponentDefinition {
  const { ports, installed } = context
  return koaService(context, {
    service: 'catalog',
    replica,
    api: `catalog${replica}`,
    admin: `catalog${replica}Admin`,
    dependsOn: ['catalog-migrate'],
    env: {
      DATABASE_URL: serviceDatabaseUrl(ports, 'catalog'),
      NATS_URL: proxiedNatsUrl(ports),
      GATEWAY_JWKS_URL: gatewayKeySetUrl(ports),
      ...(installed.valkey && { CACHE_URL: proxiedCacheUrl(ports) }),
    },
  })
}
