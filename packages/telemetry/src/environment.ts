/** The environment variables that options fall back to; names by the OpenTelemetry specification. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The specification has empty values mean "not set". */
export function readString(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim()
  return value === '' ? undefined : value
}

/** Only "true", in any case, is true: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#boolean */
export function readBoolean(env: Environment, name: string): boolean | undefined {
  const value = readString(env, name)
  return value === undefined ? undefined : value.toLowerCase() === 'true'
}

/** Milliseconds and counts that a timer or a queue can take; parts of one are rounded away. */
export const WHOLE = { min: 1, max: 2 ** 31 - 1, isWhole: true } as const

/**
 * A number in a range. An unusable value is reported and ignored, as the specification asks, so that a typing
 * error costs a default and not the service.
 */
export function readNumber(
  env: Environment,
  name: string,
  range: { readonly min: number; readonly max?: number; readonly isWhole?: boolean },
): number | undefined {
  const value = readString(env, name)
  if (value === undefined) return undefined
  const number = range.isWhole ? Math.round(Number(value)) : Number(value)
  if (Number.isFinite(number) && number >= range.min && number <= (range.max ?? Infinity)) return number
  process.emitWarning(`${name}=${value} is not a number in range; the default is used`)
  return undefined
}

/** Values between commas. */
export function readList(env: Environment, name: string): string[] | undefined {
  const values = readString(env, name)?.split(',')
  return values?.map((value) => value.trim()).filter((value) => value !== '')
}

/**
 * `key=value,key=value` with percent-encoded values, as in `OTEL_RESOURCE_ATTRIBUTES` and
 * `OTEL_EXPORTER_OTLP_HEADERS`. A malformed list is reported and ignored as a whole.
 */
export function readKeyValueList(env: Environment, name: string): Record<string, string> {
  const list: Record<string, string> = {}
  const value = readString(env, name)
  if (value === undefined) return list
  try {
    for (const member of value.split(',')) {
      if (member.trim() === '') continue
      const separator = member.indexOf('=')
      if (separator <= 0) throw new TypeError(member)
      const key = decodeURIComponent(member.slice(0, separator).trim())
      list[key] = decodeURIComponent(member.slice(separator + 1).trim())
    }
    return list
  } catch {
    process.emitWarning(`${name} is not a list of key=value; it is ignored`)
    return {}
  }
}

/** Leaves out what is undefined, so that it does not cover what another object has. */
export function defined<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>
}
