import { connectOwner } from '@faultline/service-kit'
import { startPostgres, type TestPostgres } from '@faultline/test-support/servers'
import { testTelemetry } from '@faultline/test-support/telemetry'
import { migrateGateway, SERVICE_ROLE } from '../../src/migration.ts'
import { seedUsers } from '../../src/seed.ts'

const PASSWORD = 'service'
const DATABASE = 'box_office'

export const DEMO_PASSWORD = 'faultline-demo'

/** A database with the gateway's schema and users. */
export interface GatewayDatabase extends AsyncDisposable {
  readonly postgres: TestPostgres
  readonly ownerUrl: string
  readonly serviceUrl: string
}

export async function startGatewayDatabase(): Promise<GatewayDatabase> {
  // A migration that fails must not leave a server behind.
  await using started = new AsyncDisposableStack()
  const postgres = started.use(await startPostgres())
  const ownerUrl = postgres.ownerUrl(DATABASE)
  await migrateAndSeed(ownerUrl)
  const kept = started.move()
  return {
    postgres,
    ownerUrl,
    serviceUrl: postgres.roleUrl(SERVICE_ROLE, PASSWORD, DATABASE),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** What `src/migrate.ts` does. @returns whether users were changed */
export async function migrateAndSeed(ownerUrl: string, password = DEMO_PASSWORD): Promise<boolean> {
  const client = await connectOwner(ownerUrl)
  try {
    await migrateGateway(client, PASSWORD, testTelemetry().logger)
    return await seedUsers(client, password)
  } finally {
    await client.end()
  }
}
