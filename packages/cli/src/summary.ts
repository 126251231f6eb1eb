import { logFile, type StackState, stateLayout } from '@faultline/stack'
import { columns, duration, everythingOf } from './format.ts'

/** What `up` ends with: where to look, how long it took, what to do next. */
export function summary(state: StackState): string {
  const { endpoints, milestones } = state
  const urls = columns([
    ['  shop', `${endpoints.gateway}/v1/concerts`],
    ['  its API', `${endpoints.gateway}/openapi.json`],
    ['  Prometheus', endpoints.prometheus],
    ['  Loki', endpoints.loki],
    ['  Tempo', endpoints.tempo],
    ['  Pyroscope', endpoints.pyroscope],
    ...(endpoints.grafana === undefined ? [] : [['  Grafana', endpoints.grafana]]),
  ])
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

/** Each component that did not become ready: why, and which log has the rest. */
export function failures(state: StackState, stateDir: string): string {
  const { logs } = stateLayout(stateDir)
  return everythingOf(state)
    .filter((record) => record.state === 'failed')
    .map((record) => {
      const log =
        record.kind === 'tool' || record.environmentLacks ? '' : `\n  log: ${logFile(logs, record.name)}`
      return `${record.name} failed: ${(record.detail ?? 'no reason known').split('\n').join('\n  ')}${log}`
    })
    .join('\n')
}
