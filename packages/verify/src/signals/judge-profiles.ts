import { type Answer, failedCall } from '../answer.ts'
import type { Finding } from '../report/check.ts'
import { missingInstances, type Service } from '../services/discover.ts'
import { replicaCheck } from '../services/judge-replicas.ts'

/** CPU time of what profiles over OTLP, as Pyroscope names it; the one whose samples know their span. */
export const CPU_PROFILE = 'process_cpu:cpu:nanoseconds:cpu:nanoseconds'

/** CPU time under the names that profilers give it; a service has one of them. */
export const CPU_PROFILES = [
  CPU_PROFILE,
  // `@pyroscope/nodejs`, which takes CPU time with the wall clock's samples.
  'wall:cpu:nanoseconds:wall:nanoseconds',
] as const

export function serviceSelector(service: string, instance?: string): string {
  const replica = instance === undefined ? '' : `, service_instance_id="${instance}"`
  return `{service_name="${service}"${replica}}`
}

/** What was sampled since verify began, in ns of CPU. */
export interface ProfilesEvidence {
  readonly inAll: Answer<number>
  readonly byInstance: ReadonlyMap<string, Answer<number>>
}

/** Whether CPU profiles of the service that were taken since verify began arrived, of each replica that says so. */
export function judgeProfiles(
  service: Service,
  { inAll, byInstance }: ProfilesEvidence,
  late: boolean,
): Finding {
  const finding = {
    id: `signal/${service.name}/profiles`,
    hop: 'profiles',
    service: service.name,
    signal: 'profiles',
    expected: 'CPU samples since verify began from every replica',
    query: `SelectMergeStacktraces ${CPU_PROFILES.join(' or ')} ${serviceSelector(service.name)}`,
    explainedBy: ['reach/collector', 'reach/pyroscope', 'requests', replicaCheck(service.name)],
    final: late,
  } as const
  for (const answer of [inAll, ...byInstance.values()]) {
    if ('error' in answer) return { ...finding, ...failedCall(answer.error) }
  }
  const total = sampledIn(inAll)
  const seen = [...byInstance].filter(([, sampled]) => sampledIn(sampled) > 0).map(([instance]) => instance)
  // Profiles need not say their replica; if one does, all do.
  const missing = seen.length === 0 ? [] : missingInstances(service, seen)
  if (total > 0 && missing.length === 0) {
    return { ...finding, status: 'pass', seen: `${Math.round(total / 1e6)} ms of CPU in samples` }
  }
  const which = total > 0 ? missing.join(', ') : service.name
  return {
    ...finding,
    status: 'fail',
    seen: `no sample of ${which} since verify began`,
    likelyCause: `${which} does not profile or export profiles, or whoever takes them does not deliver them`,
    nextStep: `faultline logs ${service.instances[0] ?? service.name}; FAULTLINE_PROFILES_EXPORTER or PYROSCOPE_SERVER_ADDRESS; the feature gate service.profilesSupport`,
  }
}

function sampledIn(answer: Answer<number>): number {
  return 'value' in answer ? answer.value : 0
}
