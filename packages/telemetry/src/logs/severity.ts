import { SeverityNumber } from '@opentelemetry/api'

/**
 * pino's numbers and what they are on OpenTelemetry's scale:
 * https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
 */
const SCALE: readonly (readonly [value: number, level: string, severity: SeverityNumber])[] = [
  [60, 'fatal', SeverityNumber.FATAL],
  [50, 'error', SeverityNumber.ERROR],
  [40, 'warn', SeverityNumber.WARN],
  [30, 'info', SeverityNumber.INFO],
  [20, 'debug', SeverityNumber.DEBUG],
]

/**
 * The severity of a pino level. A level that bears a standard name is what its name says, whatever its number; another
 * is the standard level at or below its number.
 */
export function severityNumber(level: string, value: number): SeverityNumber {
  for (const [, name, severity] of SCALE) if (name === level) return severity
  for (const [least, , severity] of SCALE) if (value >= least) return severity
  return SeverityNumber.TRACE
}
