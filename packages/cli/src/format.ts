import type { ComponentRecord, StackState } from '@faultline/runtime'

const COLUMN_GAP = '  '

/** Rows as left-aligned columns. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, i) => Math.max(widest[i] ?? 0, cell.length)),
    [],
  )
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join(COLUMN_GAP)
        .trimEnd(),
    )
    .join('\n')
}

/** `0.4 s`, `12.3 s`, `4 min 5 s`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
}

/** Seconds since a component entered its state. */
export function secondsSince(since: string, now: number = Date.now()): number {
  return Math.max(0, (now - Date.parse(since)) / 1000)
}

/** Components and the binaries that only load and tests need. */
export function everythingOf(state: StackState): readonly ComponentRecord[] {
  return [...state.components, ...state.tools]
}

/**
 * What a component's detail comes to in one line. Of one that has ended that is how it ended and the last line of its
 * log, which most likely says why.
 */
export function inOneLine({
  state,
  detail,
  lacking,
}: Pick<ComponentRecord, 'state' | 'detail' | 'lacking'>): string {
  const [first = '', ...rest] = (detail ?? '').split('\n')
  if (lacking !== undefined) return first
  return state === 'backoff' || state === 'failed' ? [first, ...rest.slice(-1)].join(': ') : first
}
