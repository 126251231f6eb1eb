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
  const postgres = await startPostgres()
  const running: ServiceProcess[] = []
  const databaseUrl = postgres.roleUrl('catalog_service', 'service', 'box_office')
  await execa(process.execPath, [entryOf('catalog', 'migrate.ts').pathname], {
    env: { DATABASE_OWNER_URL: postgres.ownerUrl('box_office'), DATABASE_URL: databaseUrl },
  })
  const keep = (service: ServiceProcess) => {
    running.push(service)
    return service
  }
  return {
    postgres,
    startCatalog: async (port) =>
      keep(
        await startServiceProcess({
          entry: entryOf('catalog', 'main.ts'),
          env: { DATABASE_URL: databaseUrl, OTEL_SERVICE_INSTANCE_ID: `catalog-${running.length + 1}` },
          ...(port !== undefined && { port }),
        }),
      ),
    startGateway: async (catalogUrls) =>
      keep(
        await startServiceProcess({
          entry: entryOf('gateway', 'main.ts'),
          env: { CATALOG_URLS: catalogUrls.join(',') },
        }),
      ),
    async [Symbol.asyncDispose]() {
      await Promise.all(running.map((service) => service[Symbol.asyncDispose]()))
      await postgres[Symbol.asyncDispose]()
    },
  }
}
