import type { ProfileSeries } from '@faultline/backends-client'
import { type Answer, failedCall } from '../answer.ts'
import type { Finding } from '../report/check.ts'
import { missingInstances, type Service } from '../services/discover.ts'
import { replicaCheck } from '../services/judge-replicas.ts'

/** The profile type that every service sends, as Pyroscope names it. */
export const CPU_PROFILE = 'process_cpu:cpu:nanoseconds:cpu:nanoseconds'

export function serviceSelector(service: string): string {
  return `{service_name="${service}"}`
}

/** Whether CPU profiles of the service that were taken since verify began arrived, of each replica that says so. */
export function judgeProfiles(
  service: Service,
  series: Answer<readonly ProfileSeries[]>,
  late: boolean,
): Finding {
  const finding = {
    id: `signal/${service.name}/profiles`,
    hop: 'profiles',
    service: service.name,
    signal: 'profiles',
    expected: 'CPU samples since verify began from every replica',
    query: `${CPU_PROFILE} ${serviceSelector(service.name)} by (service_instance_id)`,
    explainedBy: ['reach/collector', 'reach/pyroscope', 'requests', replicaCheck(service.name)],
    final: late,
  } as const
  if ('error' in series) return { ...finding, ...failedCall(series.error) }
  const withSamples = series.value.filter(({ points }) => points.some(({ value }) => value > 0))
  const replicas = withSamples.map(({ labels }) => labels.service_instance_id)
  const unnamed = replicas.every((replica) => replica === undefined || replica === '')
  const missing = unnamed ? [] : missingInstances(service, replicas)
  if (withSamples.length > 0 && missing.length === 0) {
    const nanoseconds = withSamples.flatMap(({ points }) => points).reduce((sum, { value }) => sum + value, 0)
    return { ...finding, status: 'pass', seen: `${Math.round(nanoseconds / 1e6)} ms of CPU in samples` }
  }
  const which = missing.length > 0 && withSamples.length > 0 ? missing.join(', ') : service.name
  return {
    ...finding,
    status: 'fail',
    seen: `no sample of ${which} since verify began`,
    likelyCause: `${which} does not profile or export profiles, or the collector does not deliver them`,
    nextStep: `faultline logs ${service.instances[0] ?? service.name}; FAULTLINE_PROFILES_EXPORTER; the feature gate service.profilesSupport`,
  }
}
