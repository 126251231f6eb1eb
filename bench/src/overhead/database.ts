import { join } from 'node:path'
import { REPOSITORY_ROOT } from '@faultline/runtime'
import { startPostgres } from '@faultline/test-support/servers'
import { execa } from 'execa'

const DATABASE = 'box_office'

export interface GatewayDatabase extends AsyncDisposable {
  /** With the gateway's own role. */
  readonly url: string
}

/** A PostgreSQL with the gateway's schema: it does not start without its signing keys, though the route needs none. */
export async function startGatewayDatabase(): Promise<GatewayDatabase> {
  await using started = new AsyncDisposableStack()
  const postgres = started.use(await startPostgres())
  const url = postgres.roleUrl('gateway_service', 'service', DATABASE)
  await execa(process.execPath, [join(REPOSITORY_ROOT, 'services', 'gateway', 'src', 'migrate.ts')], {
    env: { DATABASE_OWNER_URL: postgres.ownerUrl(DATABASE), DATABASE_URL: url },
  })
  const kept = started.move()
  return { url, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}
