import type { Telemetry } from '@faultline/telemetry'
import type { Client } from 'pg'
import { pino } from 'pino'
import { z } from 'zod'
import {
  connectOwner,
  loadMigrationConfig,
  type MigrationOptions,
  migrate,
  roleOf,
} from '../postgres/migrate.ts'
import { rotateSigningKey, signingKeysConfig, signingKeyVariables } from '../signing-keys/signing-keys.ts'
import {
  type DatabaseConfig,
  databaseConfig,
  databaseVariables,
  EnvironmentError,
  listenConfig,
  listenVariables,
  loadConfig,
  runMain,
} from './config.ts'
import { type RunnableService, runService } from './run-service.ts'

type Values<Variables extends z.ZodRawShape> = z.output<z.ZodObject<Variables>>

/** What a service is put together from. */
export interface ServiceContext<Variables extends z.ZodRawShape = z.ZodRawShape> {
  /** Values of the service's own variables. */
  config: Values<Variables>
  database: DatabaseConfig
  telemetry: Pick<
    Telemetry,
    'logger' | 'register' | 'middleware' | 'instrumentPool' | 'messaging' | 'exemplar'
  >
}

export interface ServiceDefinition<Variables extends z.ZodRawShape, SeedVariables extends z.ZodRawShape> {
  /** Also its schema in the database, and in telemetry; its role there is `<name>_service`. */
  name: string
  /** The example in messages about `PORT`; `ADMIN_PORT` is 1,000 higher. */
  port: number
  /** What it reads from the environment, beside where it listens and its database. */
  variables: Variables
  /** Folder of its migrations. */
  migrations: string
  /** What has to be in the database before its migrations. @throws EnvironmentError */
  beforeMigrations?: (client: Client) => Promise<void>
  /** Fills the database once the migrations are applied; safe to repeat. Returns whether it changed anything. */
  seed?: { variables: SeedVariables; run(client: Client, config: Values<SeedVariables>): Promise<boolean> }
  /**
   * URLs that it calls, by the service that answers them. The calls go through a proxy, so telemetry cannot tell from
   * the address who is called.
   */
  peers?: (config: Values<Variables>) => Readonly<Record<string, readonly string[]>>
  /** For a service with signing keys: how long its tokens live, with the clocks' differences, in milliseconds. */
  tokenLifeMs?: number
  /** Puts it together; it does not listen yet. */
  build: (context: ServiceContext<Variables>) => RunnableService
}

export interface DefinedService<Variables extends z.ZodRawShape> {
  /** Login role of the service, which its migrations grant rights to. */
  readonly role: string
  readonly build: (context: ServiceContext<Variables>) => RunnableService
  /** Creates role and schema, and applies the migrations that are missing. */
  migrate(client: Client, password: string, logger: MigrationOptions['logger']): Promise<void>
  /**
   * The entry point: without an argument the service runs until a signal ends it; `migrate` prepares its database and
   * may be repeated; `rotate-signing-key` makes the next key ahead of its time, which running replicas find, publish,
   * and sign with once every verifier has had the time to learn of it.
   */
  run(): Promise<void>
}

/** A service as all of them are: configuration, migration, telemetry and life cycle around what it does itself. */
export function defineService<
  Variables extends z.ZodRawShape,
  SeedVariables extends z.ZodRawShape = z.ZodRawShape,
>(definition: ServiceDefinition<Variables, SeedVariables>): DefinedService<Variables> {
  const { name, port, variables, migrations, beforeMigrations, seed, peers, tokenLifeMs, build } = definition
  const role = roleOf(name)

  async function serve(): Promise<void> {
    const shared = z.object({
      ...listenVariables({ port, adminPort: port + 1_000 }),
      ...databaseVariables(role),
    })
    // All at once, so that the error names every wrong variable; each half is typed by itself.
    const values = loadConfig(shared.extend(variables as object))
    const config = loadConfig(z.object(variables))
    // Not before they are needed: the other commands have no telemetry.
    const { startTelemetry } = await import('@faultline/telemetry')
    const { profiles } = await import('@faultline/telemetry/profiles')
    const peerServices = Object.entries(peers?.(config) ?? {}).flatMap(([service, urls]) =>
      urls.map((url) => [new URL(url).origin, service] as const),
    )
    const telemetry = startTelemetry({
      serviceName: name,
      profiles: profiles(),
      httpClient: { peerServices: Object.fromEntries(peerServices) },
    })
    const service = build({ config, database: databaseConfig(values), telemetry })
    await runService(service, { config: listenConfig(values), telemetry })
  }

  async function migrateSchema(client: Client, password: string, logger: MigrationOptions['logger']) {
    await beforeMigrations?.(client)
    await migrate({ client, service: name, password, directory: migrations, logger })
  }

  async function migrateDatabase(): Promise<void> {
    const { ownerUrl, password } = loadMigrationConfig(name)
    const seedConfig = loadConfig(z.object(seed?.variables ?? ({} as SeedVariables)))
    const logger = createLogger()
    const client = await connectOwner(ownerUrl)
    try {
      await migrateSchema(client, password, logger)
      const startedAt = performance.now()
      const seeded = await seed?.run(client, seedConfig)
      const fields = seed && { seeded, seconds: (performance.now() - startedAt) / 1_000 }
      logger.info({ ...fields }, `${name} is migrated`)
    } finally {
      await client.end()
    }
  }

  async function rotate(lifeMs: number): Promise<void> {
    const values = loadConfig(z.object({ ...databaseVariables(role), ...signingKeyVariables }))
    const options = { service: name, config: signingKeysConfig(values), tokenLifeMs: lifeMs }
    await rotateSigningKey(values.DATABASE_URL, { ...options, logger: createLogger() })
  }

  const commands: Record<string, () => Promise<void>> = {
    migrate: migrateDatabase,
    ...(tokenLifeMs !== undefined && { 'rotate-signing-key': () => rotate(tokenLifeMs) }),
  }
  return {
    role,
    build,
    migrate: migrateSchema,
    run: () =>
      runMain(async () => {
        const [command, ...more] = process.argv.slice(2)
        if (command === undefined) return serve()
        if (!Object.hasOwn(commands, command) || more.length > 0) {
          const known = Object.keys(commands).join(', ')
          throw new EnvironmentError(
            `${name} has no command ${[command, ...more].join(' ')}. Start it without one, or with: ${known}`,
          )
        }
        await commands[command]?.()
      }),
  }
}

const createLogger = () => pino({ level: process.env.LOG_LEVEL || 'info' })
