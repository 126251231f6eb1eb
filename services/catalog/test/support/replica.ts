import { serve, type TestTelemetry, testTelemetry } from '@faultline/test-support/telemetry'
import { startUsers, type TestUsers } from '@faultline/test-support/tokens'
import { type CatalogOptions, createCatalog } from '../../src/catalog.ts'

/** A replica of the catalog inside the test's process. */
export interface Replica extends AsyncDisposable {
  readonly url: string
  readonly telemetry: TestTelemetry
  /** Whose tokens it takes. */
  readonly users: TestUsers
  /** Texts of the statements that its pool has sent. */
  readonly statements: string[]
}

export async function startReplica(
  url: string,
  options: Partial<Omit<CatalogOptions, 'url' | 'telemetry' | 'shedding'>> = {},
): Promise<Replica> {
  const telemetry = testTelemetry()
  const statements: string[] = []
  const users = await startUsers()
  const catalog = createCatalog({
    url,
    ...options,
    gatewayJwksUrl: users.jwksUrl,
    // The broker is away, which must not matter: flags have their defaults, nothing is revoked.
    natsUrl: 'nats://127.0.0.1:1',
    // The test itself keeps the event loop of this process busy.
    shedding: { maxEventLoopDelayMs: Number.POSITIVE_INFINITY },
    telemetry: {
      ...telemetry,
      instrumentPool(pool) {
        pool.on('connect', (client: { query: (...args: unknown[]) => unknown }) => {
          const query = client.query.bind(client)
          client.query = (...args) => {
            statements.push((args[0] as { text?: string }).text ?? String(args[0]))
            return query(...args)
          }
        })
        return pool
      },
    },
  })
  await catalog.start?.()
  const server = await serve(catalog.app)
  return {
    url: server.url,
    telemetry,
    users,
    statements,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await catalog.close()
      await users[Symbol.asyncDispose]()
    },
  }
}

/** A JSON answer, with what tests look at. */
export async function getJson<Body>(
  url: string,
  init?: RequestInit,
): Promise<{ status: number; headers: Headers; body: Body }> {
  const answer = await fetch(url, init)
  const text = await answer.text()
  return {
    status: answer.status,
    headers: answer.headers,
    body: (text === '' ? undefined : JSON.parse(text)) as Body,
  }
}
