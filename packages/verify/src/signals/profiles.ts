import type { Span } from '@faultline/backends-client'
import { type CallResult, failedCall, resultOf, valueOr } from '../call-result.ts'
import { type Context, isLate } from '../context.ts'
import type { Probe } from '../probe.ts'
import { type Finding, fail } from '../report/check.ts'
import { type Discover, forEachService, missingInstances, replicaCheck, type Service } from './services.ts'

/** CPU time of what profiles over OTLP, as Pyroscope names it; the one whose samples know their span. */
export const CPU_PROFILE = 'process_cpu:cpu:nanoseconds:cpu:nanoseconds'

/** CPU time under the names that profilers give it; a service has one of them. */
const CPU_PROFILES = [
  CPU_PROFILE,
  // `@pyroscope/nodejs`, which takes CPU time with the wall clock's samples.
  'wall:cpu:nanoseconds:wall:nanoseconds',
] as const

/** What a span carries whose samples can be asked for; Grafana goes by it, too. */
export const PROFILE_ID = 'pyroscope.profile.id'

/** The id that the samples of a span are stored under, if its profiler says which span a sample belongs to. */
export function profileIdOf(span: Span): string | undefined {
  const id = span.attributes[PROFILE_ID]
  return typeof id === 'string' ? id : undefined
}

/** A profile begins before what is sampled in it, in ms. */
const PROFILE_OVERLAP_MS = 60_000

/** What was sampled in spans of a service, as far as they carry the id to ask by. */
export function spanProfile({ backends, beginMs }: Context, service: string, spans: readonly Span[]) {
  const ids = spans.flatMap((span) => profileIdOf(span) ?? [])
  const range = { startMs: beginMs - PROFILE_OVERLAP_MS, endMs: Date.now() }
  return backends.pyroscope.mergeSpanProfile(CPU_PROFILE, serviceSelector(service), ids, range)
}

export function serviceSelector(service: string, instance?: string): string {
  const replica = instance === undefined ? '' : `, service_instance_id="${instance}"`
  return `{service_name="${service}"${replica}}`
}

export function profilesProbe(context: Context, discover: Discover): Probe {
  return {
    name: 'profiles',
    hop: 'profiles',
    late: () => isLate(context, 'profiles'),
    async observe() {
      const { services } = await discover()
      return forEachService(services, 'profiles', async (service) => {
        const inAll = await sampled(serviceSelector(service.name), context)
        const byInstance = new Map<string, CallResult<number>>()
        for (const instance of service.instances) {
          byInstance.set(instance, await sampled(serviceSelector(service.name, instance), context))
        }
        return judgeProfiles(service, { inAll, byInstance })
      })
    },
  }
}

/** Of whichever profiler. Merged stacks have an exact range where series are rounded to their step. */
async function sampled(selector: string, { backends, beginMs }: Context): Promise<CallResult<number>> {
  const range = { startMs: beginMs, endMs: Date.now(), maxNodes: 1 }
  let total = 0
  for (const profileType of CPU_PROFILES) {
    const graph = await resultOf(backends.pyroscope.mergeStacktraces(profileType, selector, range))
    if ('error' in graph) return graph
    total += graph.value.total
  }
  return { value: total }
}

/** What was sampled since verify began, in ns of CPU. */
interface ProfilesEvidence {
  readonly inAll: CallResult<number>
  readonly byInstance: ReadonlyMap<string, CallResult<number>>
}

/** Whether CPU profiles of the service that were taken since verify began arrived, of each replica that says so. */
export function judgeProfiles(service: Service, { inAll, byInstance }: ProfilesEvidence): Finding {
  const finding = {
    id: `signal/${service.name}/profiles`,
    hop: 'profiles',
    service: service.name,
    signal: 'profiles',
    expected: 'CPU samples since verify began from every replica',
    query: `SelectMergeStacktraces ${CPU_PROFILES.join(' or ')} ${serviceSelector(service.name)}`,
    explainedBy: ['reach/collector', 'reach/pyroscope', 'requests', replicaCheck(service.name)],
  } as const
  for (const answer of [inAll, ...byInstance.values()]) {
    if ('error' in answer) return { ...finding, ...failedCall(answer.error) }
  }
  const total = valueOr(inAll, 0)
  const seen = [...byInstance].filter(([, sampled]) => valueOr(sampled, 0) > 0).map(([instance]) => instance)
  // Profiles need not say their replica; if one does, all do.
  const missing = seen.length === 0 ? [] : missingInstances(service, seen)
  if (total > 0 && missing.length === 0) {
    return { ...finding, status: 'pass', seen: `${Math.round(total / 1e6)} ms of CPU in samples` }
  }
  const which = total > 0 ? missing.join(', ') : service.name
  return fail(finding, {
    seen: `no sample of ${which} since verify began`,
    likelyCause: `${which} does not profile or export profiles, or whoever takes them does not deliver them`,
    nextStep: `faultline logs ${service.instances[0] ?? service.name}; FAULTLINE_PROFILES_EXPORTER or PYROSCOPE_SERVER_ADDRESS; the feature gate service.profilesSupport`,
  })
}
