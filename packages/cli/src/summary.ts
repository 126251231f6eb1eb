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

/** Each component that is not ready: why, which log has the rest, and what to do then. */
export function unready(state: StackState, stateDir: string): string {
  const { logs } = stateLayout(stateDir)
  const reasons = everythingOf(state)
    .filter((record) => record.state !== 'ready')
    .map((record) => {
      const detail = (record.detail ?? 'no reason known').split('\n').join('\n  ')
      const hasLog = record.kind !== 'tool' && record.state !== 'waiting' && !record.environmentLacks
      const log = hasLog ? `\n  its log: ${logFile(logs, record.name)}` : ''
      return `${record.name} is ${record.state}: ${detail}${log}`
    })
  return [
    ...reasons,
    'Once mended: npx faultline restart NAME; or npx faultline down, and start again.',
  ].join('\n')
}
