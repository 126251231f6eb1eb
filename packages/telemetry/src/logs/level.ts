import { SeverityNumber } from '@opentelemetry/api'

/** pino's levels by number, what they are on OpenTelemetry's scale, and what other loggers call them. */
const LEVELS: readonly (readonly [
  value: number,
  level: string,
  severity: SeverityNumber,
  others: readonly string[],
])[] = [
  [10, 'trace', SeverityNumber.TRACE, ['all', 'silly', 'finest', 'finer']],
  [20, 'debug', SeverityNumber.DEBUG, ['verbose', 'http', 'fine']],
  [30, 'info', SeverityNumber.INFO, ['information', 'informational', 'notice', 'log']],
  [40, 'warn', SeverityNumber.WARN, ['warning']],
  [50, 'error', SeverityNumber.ERROR, ['err', 'severe']],
  [60, 'fatal', SeverityNumber.FATAL, ['critical', 'crit', 'alert', 'emergency', 'emerg', 'panic']],
  [Number.POSITIVE_INFINITY, 'silent', SeverityNumber.UNSPECIFIED, ['off', 'none', 'quiet', 'infinity']],
]

export const DEFAULT_LEVEL = 'info'

const BY_NAME = new Map(
  LEVELS.flatMap(([, level, , others]) => [level, ...others].map((name) => [name, level] as const)),
)

/**
 * The pino level that a person means: `WARNING` and `err` as other loggers say, `off` for `silent`, or a number as
 * pino counts, of which the next level upwards is taken. What has no meaning becomes a process warning, so that a
 * misspelt variable does not keep a service from starting.
 * @param customLevels the user's own, by name
 * @returns undefined after a warning: the default applies
 */
export function parseLogLevel(
  text: string,
  customLevels: Readonly<Record<string, number>> = {},
): string | undefined {
  const name = text.trim()
  if (Object.hasOwn(customLevels, name)) return name
  const level =
    BY_NAME.get(name.toLowerCase()) ?? (/^\d+$/.test(name) ? atLeast(Number(name), customLevels) : undefined)
  if (level === undefined) {
    const known = [...Object.keys(customLevels), ...LEVELS.map(([, each]) => each)].join(', ')
    process.emitWarning(
      `log level ${JSON.stringify(text)} is unknown (levels are ${known}); ${DEFAULT_LEVEL} is used`,
      { code: 'FAULTLINE_LOG_LEVEL' },
    )
  }
  return level
}

function atLeast(value: number, customLevels: Readonly<Record<string, number>>): string | undefined {
  const own = Object.entries(customLevels).map(([name, each]) => [each, name] as const)
  const levels = [...own, ...LEVELS].sort(([a], [b]) => a - b)
  return levels.find(([each]) => each >= value)?.[1]
}

/**
 * The level of a logger that stands for one of pino's, which one with `useOnlyCustomLevels` may lack.
 * @param values the logger's levels: number by name
 * @returns the same level, else the one with the nearest number
 */
export function nearestLevel(level: string, values: Readonly<Record<string, number>>): string {
  if (level === 'silent' || Object.hasOwn(values, level)) return level
  const wanted = LEVELS.find(([, name]) => name === level)?.[0] ?? 0
  const distance = (name: string): number => Math.abs((values[name] ?? 0) - wanted)
  const [nearest] = Object.keys(values).sort((a, b) => distance(a) - distance(b))
  return nearest ?? 'silent'
}

/**
 * The severity of a pino level: https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber. A level
 * that bears a standard name is what its name says, whatever its number; another is the standard level at or below its
 * number.
 */
export function severityNumber(level: string, value: number): SeverityNumber {
  const [, , severity = SeverityNumber.TRACE] =
    LEVELS.find(([, name]) => name === level) ?? LEVELS.findLast(([least]) => least <= value) ?? []
  return severity
}
