import type { BinaryName } from '@faultline/toolchain'
import type { ComponentDefinition, StackDefinition } from '../component.ts'
import type { PostgresPlace } from '../postgres/place.ts'
import { booking, bookingMigrate } from './booking.ts'
import { catalog, catalogMigrate } from './catalog.ts'
import { collector } from './collector.ts'
import { INSTALLABLE, type StackContext } from './context.ts'
import { edge } from './edge.ts'
import { embeddedStore } from './embedded-store.ts'
import { gateway, gatewayMigrate } from './gateway.ts'
import { grafana } from './grafana.ts'
import { loki } from './loki.ts'
import { nats } from './nats.ts'
import { pager } from './pager.ts'
import { paymentProvider, payments, paymentsMigrate } from './payments.ts'
import { postgres } from './postgres.ts'
import { prometheus } from './prometheus.ts'
import { pyroscope } from './pyroscope.ts'
import { tempo } from './tempo.ts'
import { ticketing, ticketingMigrate } from './ticketing.ts'
import { toxiproxy } from './toxiproxy.ts'
import { valkey } from './valkey.ts'

/**
 * Order in which binaries are resolved: first what the shop needs, then its metrics, then logs. k6 and promtool,
 * which no component runs, come last.
 */
const BUILD_ORDER: readonly BinaryName[] = [
  'toxiproxy',
  'nats',
  'prometheus',
  'collector',
  'loki',
  'caddy',
  'k6',
  'promtool',
]

/** The whole kit. */
export function faultlineStack(context: StackContext, place: PostgresPlace): StackDefinition {
  const { installed } = context
  const components: readonly ComponentDefinition[] = [
    postgres(context, place),
    toxiproxy(context),
    nats(context),
    ...(installed.valkey ? [valkey(context)] : []),
    catalogMigrate(context),
    catalog(context, 1),
    catalog(context, 2),
    paymentProvider(context),
    paymentsMigrate(context),
    payments(context),
    bookingMigrate(context),
    booking(context),
    ticketingMigrate(context),
    ticketing(context),
    gatewayMigrate(context),
    gateway(context),
    edge(context),
    collector(context),
    pager(context),
    prometheus(context),
    loki(context),
    ...(installed.tempo ? [tempo(context)] : []),
    ...(installed.pyroscope ? [pyroscope(context)] : []),
    ...(installed.tempo && installed.pyroscope ? [] : [embeddedStore(context)]),
    ...(installed.grafana ? [grafana(context)] : []),
  ]
  const needsNoBuild = INSTALLABLE.filter((name) => installed[name])
  return {
    components,
    binaries: [...needsNoBuild, ...BUILD_ORDER],
    milestones: { shop: ['gateway'], metrics: ['gateway', 'collector', 'prometheus'] },
  }
}
