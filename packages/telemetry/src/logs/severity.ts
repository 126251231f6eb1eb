/** Severity numbers: https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber */
const SEVERITIES: Readonly<Record<string, number>> = {
  trace: 1,
  debug: 5,
  info: 9,
  warn: 13,
  error: 17,
  fatal: 21,
}

/** @returns 0, the protocol's "unspecified", for levels of one's own */
export function severityNumber(level: string): number {
  return SEVERITIES[level] ?? 0
}
