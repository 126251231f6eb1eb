/** Schemas of the kinds of variable that services share. */
import { z } from 'zod'

/** A TCP port; 0 lets the system choose one. */
export function port(description: string, example: number) {
  return z
    .string()
    .regex(/^\d{1,5}$/, 'is not a port number')
    .transform(Number)
    .pipe(z.number().max(65_535, 'is not a port number: the highest is 65535'))
    .meta({ description, example: String(example) })
}

/** A whole number within bounds. */
export function integer(description: string, bounds: { minimum: number; maximum: number; default: number }) {
  return z
    .string()
    .regex(/^\d+$/, 'is not a whole number')
    .transform(Number)
    .pipe(
      z
        .number()
        .min(bounds.minimum, `is less than ${bounds.minimum}`)
        .max(bounds.maximum, `is more than ${bounds.maximum}`),
    )
    .default(bounds.default)
    .meta({ description, example: String(bounds.default) })
}

/** A host name or address to listen on or connect to. */
export function host(description: string) {
  return z.string().default('127.0.0.1').meta({ description, example: '127.0.0.1' })
}

/** A PostgreSQL connection URL. */
export function postgresUrl(description: string, example: string) {
  return z
    .url({ protocol: /^postgres(ql)?$/, error: 'is not a PostgreSQL URL' })
    .meta({ description, example })
}

/** The broker's URL. */
export function natsUrl() {
  return z
    .url({ protocol: /^nats$/, error: 'is not a NATS URL' })
    .meta({ description: 'the URL of the broker', example: 'nats://127.0.0.1:14222' })
}

/** One or more HTTP origins, separated by commas. */
export function httpOrigins(description: string, example: string) {
  return z
    .string()
    .transform((list) => list.split(',').map((url) => url.trim()))
    .pipe(
      z.array(
        z
          .url({ protocol: /^https?$/, error: 'is not a list of HTTP URLs' })
          .transform((url) => new URL(url).origin),
      ),
    )
    .meta({ description, example })
}

/** Where an issuer of tokens publishes its keys. */
export function jwksUrl(of: string, example: string) {
  return z
    .url({ protocol: /^https?$/, error: 'is not an HTTP URL' })
    .meta({ description: `the URL of ${of} public keys`, example })
}

/** The service's own role at the database. */
export const databaseVariables = (role: string) => ({
  DATABASE_URL: postgresUrl(
    "the URL of the database with the service's own role",
    `postgres://${role}:secret@127.0.0.1:15432/box_office`,
  ),
  DATABASE_POOL_MAX: integer('the connections to the database, at most', {
    minimum: 1,
    maximum: 100,
    default: 10,
  }),
})

export interface DatabaseConfig {
  url: string
  maxConnections: number
}

/** What {@link databaseVariables} say, as `createDatabase` takes it. */
export function databaseConfig(variables: {
  DATABASE_URL: string
  DATABASE_POOL_MAX: number
}): DatabaseConfig {
  return { url: variables.DATABASE_URL, maxConnections: variables.DATABASE_POOL_MAX }
}

/** Where a service listens. */
export const listenVariables = (example: { port: number; adminPort: number }) => ({
  HOST: host('the address to listen on'),
  PORT: port('the port of the API', example.port),
  ADMIN_PORT: port('the port of /livez, /readyz and /metrics', example.adminPort),
})

export interface ListenConfig {
  host: string
  port: number
  adminPort: number
}

/** What {@link listenVariables} say, as `runService` takes it. */
export function listenConfig(variables: { HOST: string; PORT: number; ADMIN_PORT: number }): ListenConfig {
  return { host: variables.HOST, port: variables.PORT, adminPort: variables.ADMIN_PORT }
}
