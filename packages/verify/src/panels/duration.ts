const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
}
const PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|[smhdwy])/g

/** A duration of PromQL or LogQL (`1h30m`, `500ms`, bare seconds) in ms; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000
  const parts = [...text.matchAll(PART)]
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) return undefined
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (UNITS_MS[unit ?? ''] ?? 0), 0)
}

/** As both languages take it. */
export function formatDuration(ms: number): string {
  return `${Math.max(1, Math.floor(ms))}ms`
}
