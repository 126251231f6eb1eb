import { join } from 'node:path'
import type { ComponentDefinition } from '../component.ts'
import { HOST, proxiedNatsUrl, serviceDatabaseUrl } from '../endpoints.ts'
import { proxiedUrl } from '../proxies.ts'
import type { StackContext } from './context.ts'
import { koaService, migrateTask } from './koa-service.ts'

/** Development credentials: the provider is a simulation that listens on loopback only. */
const PROVIDER_API_KEY = 'faultline-provider-key'

export function paymentsMigrate(context: StackContext): ComponentDefinition {
  return migrateTask(context, 'payments')
}

/** Charges. */
export function payments(context: StackContext): ComponentDefinition {
  const { ports } = context
  return koaService(context, {
    service: 'payments',
    api: 'payments',
    admin: 'paymentsAdmin',
    dependsOn: ['payments-migrate'],
    env: {
      DATABASE_URL: serviceDatabaseUrl(ports, 'payments'),
      NATS_URL: proxiedNatsUrl(ports),
      PROVIDER_URL: proxiedUrl(ports, 'payment-provider'),
      PROVIDER_API_KEY,
      BOOKING_JWKS_URL: `${proxiedUrl(ports, 'booking')}/.well-known/jwks.json`,
    },
  })
}

/** Where the simulated payment provider keeps its charges, which outlive it as a real one's do. */
export function providerDataFile({ layout }: StackContext): string {
  return join(layout.data, 'payment-provider', 'charges.sqlite')
}

/** The simulated third party, instrumented with stock parts: those read other variables, and profiles are pushed. */
export function paymentProvider(context: StackContext): ComponentDefinition {
  return koaService(context, {
    service: 'payment-provider',
    api: 'paymentProvider',
    admin: 'paymentProviderAdmin',
    dependsOn: [],
    preload: 'instrumentation.ts',
    env: {
      PROVIDER_API_KEY,
      DATA_FILE: providerDataFile(context),
      OTEL_RESOURCE_ATTRIBUTES: 'service.instance.id=payment-provider-1',
      PYROSCOPE_SERVER_ADDRESS: `http://${HOST}:${context.ports.pyroscope}`,
      PYROSCOPE_FLUSH_INTERVAL_MS: '10000',
    },
  })
}
