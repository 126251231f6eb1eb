import {
  type AddressName,
  type ComponentRecord,
  logFile,
  type StackState,
  stateLayout,
} from '@faultline/runtime'

/** Rows as left-aligned columns. */
export function columns(rows: readonly (readonly string[])[]): string {
  const width = (column: number): number => Math.max(...rows.map((row) => row[column]?.length ?? 0))
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(width(column))).join('  '))
  return lines.map((line) => line.trimEnd()).join('\n')
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
export function inOneLine(record: Pick<ComponentRecord, 'state' | 'detail' | 'lacking'>): string {
  const [first = '', ...rest] = (record.detail ?? '').split('\n')
  if (record.lacking !== undefined) return first
  return record.state === 'backoff' || record.state === 'failed'
    ? [first, ...rest.slice(-1)].join(': ')
    : first
}

/** Pages for people: what each is called, the port that serves it, and its path. */
const PAGES: readonly (readonly [string, AddressName, string])[] = [
  ['shop', 'edge/http', '/v1/concerts'],
  ['its API', 'gateway/http', '/openapi.json'],
  ['Prometheus', 'prometheus/http', ''],
  ['Loki', 'loki/http', ''],
  ['Tempo', 'tempo/http', ''],
  ['Pyroscope', 'pyroscope/http', ''],
  ['Grafana', 'grafana/http', ''],
]

/** What `up` ends with: where to look, how long it took, what to do next. */
export function summary({ addresses, milestones }: StackState): string {
  const urls = columns(
    PAGES.flatMap(([name, port, path]) =>
      addresses[port] === undefined ? [] : [[`  ${name}`, `http://${addresses[port]}${path}`]],
    ),
  )
  const times = [
    ['the shop answered', milestones.shopSeconds],
    ['metrics', milestones.metricsSeconds],
    ['everything', milestones.everythingSeconds],
  ] as const
  const reached = times.flatMap(([what, seconds]) =>
    seconds === undefined ? [] : [`${what} after ${duration(seconds)}`],
  )
  return [
    urls,
    '',
    ...(reached.length === 0 ? [] : [`Ready: ${reached.join(', ')}.`]),
    'Next: npx faultline load steady, npx faultline verify, npx faultline status, npx faultline down',
  ].join('\n')
}

/** Each component that is not ready: why, and which log has the rest. */
export function unready(state: StackState, stateDir: string): string {
  const { logs } = stateLayout(stateDir)
  const failed = state.components.filter((record) => record.state !== 'ready' && record.lacking === undefined)
  const reasons = failed.map((record) => {
    const log = record.state === 'waiting' ? '' : `\n  its log: ${logFile(logs, record.name)}`
    return `${record.name} is ${record.state}: ${indented(record.detail ?? 'no reason known')}${log}`
  })
  return [lacking(state.components), ...reasons].filter((text) => text !== '').join('\n')
}

/** What the machine lacks: said once for all that lack the same. */
export function lacking(records: readonly ComponentRecord[]): string {
  const lack = records.filter((record) => record.lacking !== undefined)
  const texts = [...Map.groupBy(lack, (record) => record.lacking).values()].map(([first, ...others]) => {
    const names = others.map(({ name }) => name).join(', ')
    return `${indented(first?.detail ?? '')}${names === '' ? '' : `\n  (the same for ${names})`}`
  })
  return texts.join('\n')
}

const indented = (text: string): string => text.replaceAll('\n', '\n  ')
