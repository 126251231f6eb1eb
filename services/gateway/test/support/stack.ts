/** The real catalog behind a gateway, each as a process, started from its entry point as in production. */
import {
  type ServiceProcess,
  startPostgres,
  startServiceProcess,
  type TestPostgres,
} from '@faultline/service-kit/testing'
import { execa } from 'execa'

const entryOf = (service: string, file: string) => new URL(`../../../${service}/src/${file}`, import.meta.url)

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
  await execa(process.execPath, [entryOf('catalog', 'migrate.ts').pathname], {
    env: { DATABASE_OWNER_URL: postgres.ownerUrl('box_office'), DATABASE_URL: databaseUrl },
  })
  const kept = started.move()
  let catalogs = 0
  return {
    postgres,
    startCatalog: async (port) =>
      kept.use(
        await startServiceProcess({
          entry: entryOf('catalog', 'main.ts'),
          env: { DATABASE_URL: databaseUrl, OTEL_SERVICE_INSTANCE_ID: `catalog-${++catalogs}` },
          ...(port !== undefined && { port }),
        }),
      ),
    startGateway: async (catalogUrls) =>
      kept.use(
        await startServiceProcess({
          entry: entryOf('gateway', 'main.ts'),
          env: { CATALOG_URLS: catalogUrls.join(',') },
        }),
      ),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
