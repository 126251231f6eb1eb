/**
 * What processes expose against the registry, both ways: no metric without an entry, no entry without a metric.
 * Nothing that the services need is running: a metric exists as soon as its service is put together.
 */
import { readFileSync } from 'node:fs'
import { startTelemetry } from '@faultline/telemetry'
import { type TestTelemetry, testTelemetry } from '@faultline/test-support/telemetry'
import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { StoreMetrics } from '../../packages/embedded-store/src/metrics.ts'
import { booking } from '../../services/booking/src/main.ts'
import { KEYS } from '../../services/booking/test/support/box-office.ts'
import { catalog } from '../../services/catalog/src/main.ts'
import { createSessionAudit } from '../../services/gateway/src/domain/session-audit.ts'
import { startGateway } from '../../services/gateway/test/support/gateway.ts'
import { createApp as createProvider } from '../../services/payment-provider/src/app.ts'
import { openCharges } from '../../services/payment-provider/src/repositories/charges.ts'
import { payments } from '../../services/payments/src/main.ts'
import { startTicketing } from '../../services/ticketing/test/support/service.ts'
import { groups, metricsOf, ROOT } from '../src/registry.ts'

const NOWHERE = '127.0.0.1:1'
const KIT = '@faultline/service-kit'

/** `name kind(labels)`. */
type Line = string

type Register = Pick<TestTelemetry['register'], 'getMetricsAsArray'>

const line = (name: string, kind: string, labels: readonly string[]): Line =>
  `${name} ${kind}(${labels.toSorted().join(' ')})`

function exposed(register: Register): Line[] {
  return register.getMetricsAsArray().map((metric) => {
    const { name, type, labelNames = [] } = metric as unknown as Exposed
    const kind = type ?? metric.constructor.name.toLowerCase()
    // prom-client adds what OpenMetrics wants: the name may come with `_total` or without.
    return line(kind === 'counter' ? `${name.replace(/_total$/, '')}_total` : name, kind, labelNames)
  })
}

/** Metrics of spans say their type, prom-client's own are classes. */
interface Exposed {
  readonly name: string
  readonly type?: string
  readonly labelNames?: string[]
}

const nameOf = (of: Line): string => of.split(' ')[0] ?? ''

const ofInstance = ['service_name', 'service_instance_id']

/** What the registry says of those whom `emitters` names, without the labels that the scrape adds. */
const registered = (...emitters: string[]): Line[] =>
  metricsOf(groups)
    .filter(({ emittedBy }) => emittedBy.some((emitter) => emitters.includes(emitter)))
    .map(({ storedName, kind, labels }) =>
      line(
        storedName,
        kind,
        labels.filter((label) => !ofInstance.includes(label)),
      ),
    )

describe('services', () => {
  const lines = new Map<string, Line[]>()

  beforeAll(async () => {
    const NATS_URL = `nats://${NOWHERE}`
    const GATEWAY_JWKS_URL = `http://${NOWHERE}/jwks.json`
    const url = `postgres://service:secret@${NOWHERE}/box_office`
    const database = { url, maxConnections: 1 }
    const note = (service: string, { register }: TestTelemetry) => lines.set(service, exposed(register))
    {
      const telemetry = testTelemetry()
      const config = { NATS_URL, GATEWAY_JWKS_URL, CACHE_URL: undefined }
      const service = catalog.build({ config, database, telemetry })
      note('catalog', telemetry)
      await service.close()
    }
    {
      const telemetry = testTelemetry()
      const service = booking.build({
        config: {
          NATS_URL,
          GATEWAY_JWKS_URL,
          PAYMENTS_URL: [`http://${NOWHERE}`],
          HOLD_SECONDS: 120,
          ...KEYS,
        },
        database,
        telemetry,
      })
      note('booking', telemetry)
      await service.close()
    }
    {
      const telemetry = testTelemetry()
      const service = payments.build({
        config: {
          NATS_URL,
          PROVIDER_URL: [`http://${NOWHERE}`],
          PROVIDER_API_KEY: 'provider-test-key',
          BOOKING_JWKS_URL: `http://${NOWHERE}/jwks.json`,
        },
        database,
        telemetry,
      })
      note('payments', telemetry)
      await service.close()
    }
    {
      const telemetry = testTelemetry()
      const repository = openCharges(':memory:')
      createProvider({
        telemetry,
        repository,
        fate: { seed: '1', latencyMedianMs: 1, declineRatio: 0, failureRatio: 0 },
        maxConcurrent: 1,
        maxQueued: 10,
        apiKey: 'provider-test-key',
      })
      note('payment-provider', telemetry)
      repository.close()
    }
    {
      await using gateway = await startGateway([`http://${NOWHERE}`])
      // The test's gateway has no sessions of its own.
      createSessionAudit(gateway.telemetry)
      note('gateway', gateway.telemetry)
    }
    {
      await using ticketing = await startTicketing({ database: url, nats: NATS_URL })
      note('ticketing', ticketing.telemetry)
    }
  })

  it.each(['booking', 'catalog', 'gateway', 'payments', 'ticketing', 'payment-provider'])('%s', (service) => {
    const found = lines.get(service) ?? []
    const allowed = registered(service, KIT)
    expect(found.filter((each) => !allowed.includes(each))).toEqual([])
    // Its process, rather than its application, has what it shares with the telemetry package or prom-client.
    const own = metricsOf(groups).filter(({ emittedBy }) => emittedBy.join() === service)
    const names = found.map(nameOf)
    expect(own.map(({ storedName }) => storedName).filter((name) => !names.includes(name))).toEqual([])
  })

  it('have between them all that service-kit is said to emit', () => {
    const found = new Set([...lines.values()].flat())
    expect(registered(KIT).filter((each) => !found.has(each))).toEqual([])
  })
})

it('the telemetry package', async () => {
  const telemetry = startTelemetry({ serviceName: 'exposed', traces: false, logs: false })
  const pool = telemetry.instrumentPool(new pg.Pool(), { poolName: 'exposed' })
  // Its metrics of spans do not show their labels before there is a series.
  expect(exposed(telemetry.register).map(nameOf).sort()).toEqual(
    registered('@faultline/telemetry').map(nameOf).sort(),
  )
  await pool.end()
  await telemetry.shutdown()
})

it('the embedded store', () => {
  const found = exposed(new StoreMetrics().registry)
  const own = found.filter((each) => each.startsWith('embedded_store_'))
  const wanted = registered('embedded-store')
  expect(own.toSorted()).toEqual(wanted.filter((each) => each.startsWith('embedded_store_')).toSorted())
  expect(wanted.filter((each) => !found.includes(each))).toEqual([])
})

it('the load scripts', () => {
  const script = readFileSync(new URL('loadtests/src/lib/buyer.ts', ROOT), 'utf8')
  const own = [...script.matchAll(/new (?:Counter|Rate|Trend)\('(\w+)'/g)].map(([, name]) => `k6.${name}`)
  const names = metricsOf(groups).map(({ name }) => name)
  expect(own.length).toBeGreaterThan(0)
  expect(own.filter((name) => !names.includes(name))).toEqual([])
})
