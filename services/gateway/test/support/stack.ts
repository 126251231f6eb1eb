/** The real catalog behind a gateway, each as a process, started from its entry point as in production. */
import { fileURLToPath } from 'node:url'
import { freePort } from '@faultline/test-support/ports'
import { startPostgres, type TestPostgres } from '@faultline/test-support/servers'
import { type ServiceProcess, startServiceProcess } from '@faultline/test-support/service-process'
import { execa } from 'execa'

const entryOf = (service: string) => new URL(`../../../${service}/src/main.ts`, import.meta.url)

export interface Stack extends AsyncDisposable {
  readonly postgres: TestPostgres
  startCatalog(port?: number): Promise<ServiceProcess>
  startGateway(catalogUrls: readonly string[]): Promise<ServiceProcess>
}

export async function startStack(): Promise<Stack> {
  // A migration that fails must not leave a server behind.
  await using started = new AsyncDisposableStack()
  const postgres = started.use(await startPostgres())
  const databaseUrl = postgres.roleUrl('catalog_service', 'service', 'box_office')
  const gatewayDatabaseUrl = postgres.roleUrl('gateway_service', 'service', 'box_office')
  const ownerUrl = postgres.ownerUrl('box_office')
  await migrate('catalog', ownerUrl, databaseUrl)
  await migrate('gateway', ownerUrl, gatewayDatabaseUrl)
  // Nobody listens there: what these tests ask for needs none of it.
  const nowhere = `127.0.0.1:${await freePort()}`
  const kept = started.move()
  let catalogs = 0
  return {
    postgres,
    startCatalog: async (port) =>
      kept.use(
        await startServiceProcess({
          entry: entryOf('catalog'),
          env: {
            DATABASE_URL: databaseUrl,
            NATS_URL: `nats://${nowhere}`,
            GATEWAY_JWKS_URL: `http://${nowhere}/.well-known/jwks.json`,
            OTEL_SERVICE_INSTANCE_ID: `catalog-${++catalogs}`,
          },
          ...(port !== undefined && { port }),
        }),
      ),
    startGateway: async (catalogUrls) =>
      kept.use(
        await startServiceProcess({
          entry: entryOf('gateway'),
          env: {
            CATALOG_URL: catalogUrls.join(','),
            BOOKING_URL: `http://${nowhere}`,
            TICKETING_URL: `http://${nowhere}`,
            NATS_URL: `nats://${nowhere}`,
            DATABASE_URL: gatewayDatabaseUrl,
            // Lanes of load run as fast as the machine lets them, all from one address.
            RATE_LIMIT_ADDRESS_PER_SECOND: '100000',
            RATE_LIMIT_ADDRESS_BURST: '100000',
          },
        }),
      ),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function migrate(service: string, ownerUrl: string, databaseUrl: string): Promise<void> {
  await execa(process.execPath, [fileURLToPath(entryOf(service)), 'migrate'], {
    env: { DATABASE_OWNER_URL: ownerUrl, DATABASE_URL: databaseUrl },
  })
}

/** Requests that run one after another in several lanes until told to end; counts what came of them. */
export interface Load {
  /** Requests ended so far. */
  readonly count: number
  /** Ends the load; how many requests ended in which way: a status, or the name of an error. */
  stop(): Promise<Record<string, number>>
}

export function startLoad(lanes: number, request: () => Promise<{ status: number }>): Load {
  const outcomes: Record<string, number> = {}
  let stopped = false
  let count = 0
  const lane = async () => {
    while (!stopped) {
      const outcome = await request().then(
        ({ status }) => String(status),
        (error: Error) => error.name,
      )
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      count++
    }
  }
  const running = Array.from({ length: lanes }, lane)
  return {
    get count() {
      return count
    },
    async stop() {
      stopped = true
      await Promise.all(running)
      return outcomes
    },
  }
}
