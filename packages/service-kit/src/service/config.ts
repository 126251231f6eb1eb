import { z } from 'zod'

/** What a variable is for; the message about a wrong value is made of it. */
export interface VariableMeta {
  description: string
  /** A value that would be right; shown as the way out. */
  example: string
}

/** The environment is wrong. The message has one line for every wrong variable: cause and way out. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
}

/**
 * Reads configuration from the environment.
 *
 * Values are never echoed, as any of them may be a secret. An empty value counts as unset, as in the
 * OpenTelemetry specification, so that `X= npm start` falls back to the default.
 *
 * @param schema object schema with one property per variable; give each `.meta({ description, example })`
 * @throws ConfigurationError listing every wrong variable at once
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#parsing-empty-value
 */
export function loadConfig<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  env: Readonly<Record<string, string | undefined>> = process.env,
): z.output<z.ZodObject<Shape>> {
  const given = Object.fromEntries(
    Object.keys(schema.shape)
      .map((name) => [name, env[name]] as const)
      .filter(([, value]) => value !== undefined && value !== ''),
  )
  const result = schema.safeParse(given)
  if (result.success) return result.data

  const causes = new Map<string, string>()
  for (const issue of result.error.issues) {
    const name = String(issue.path[0])
    if (!causes.has(name)) causes.set(name, given[name] === undefined ? 'is not set' : issue.message)
  }
  const lines = [...causes].map(([name, cause]) => `  ${name}: ${cause}${wayOut(name, schema.shape[name])}`)
  throw new ConfigurationError(`configuration is wrong:\n${lines.join('\n')}`)
}

function wayOut(name: string, variable: unknown): string {
  const meta =
    variable instanceof z.ZodType ? (variable.meta() as Partial<VariableMeta> | undefined) : undefined
  if (!meta?.description) return ''
  return `. Set it to ${meta.description}, for example ${name}=${meta.example}`
}

/** Exit code when the environment lacks something; the message says the way out. */
export const EXIT_ENVIRONMENT = 3

/** The environment lacks something that the process needs; the message says what and the way out. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError'
}

/**
 * Runs an entry point. What the operator can mend ends in one message on standard error and exit code 3;
 * anything else is a defect and keeps its stack trace.
 */
export async function runMain(main: () => Promise<void>): Promise<void> {
  try {
    await main()
  } catch (error) {
    if (!(error instanceof ConfigurationError || error instanceof EnvironmentError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(EXIT_ENVIRONMENT)
  }
}

/** Schemas of the kinds of variable that services share. */

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
