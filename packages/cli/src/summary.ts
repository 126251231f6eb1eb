import {
  type AddressName,
  type ComponentRecord,
  logFile,
  type StackState,
  stateLayout,
} from '@faultline/runtime'
import { columns, duration } from './format.ts'

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

/** Tools that could not be had, for a note beside a kit that is ready. */
export function missingTools(state: StackState): string {
  return lacking(state.tools)
}

/** What the machine lacks: said once for all that lack the same. */
function lacking(records: readonly ComponentRecord[]): string {
  const byCause = Map.groupBy(
    records.filter((record) => record.lacking !== undefined),
    (record) => record.lacking,
  )
  return [...byCause.values()]
    .map(([first, ...others]) => {
      const same =
        others.length === 0 ? '' : `\n  (the same for ${others.map(({ name }) => name).join(', ')})`
      return `${indented(first?.detail ?? '')}${same}`
    })
    .join('\n')
}

const indented = (text: string): string => text.split('\n').join('\n  ')
