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
