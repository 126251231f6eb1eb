import { type Answer, answerOf } from '../answer.ts'
import { type Context, sinceSentMs } from '../context.ts'
import { patience } from '../patience.ts'
import type { Probe } from '../probe.ts'
import type { Service } from '../services/discover.ts'
import { forEachService } from '../services/for-each-service.ts'
import { CPU_PROFILES, judgeProfiles, serviceSelector } from './judge-profiles.ts'

/** CPU profiles of each service. */
export const profilesProbe: Probe = {
  name: 'profiles',
  hop: 'profiles',
  async observe(context) {
    if (context.found.sentUntilMs === undefined) return []
    const late = sinceSentMs(context) > patience.profiles
    return forEachService(context, 'profiles', (service) => observe(service, context, late))
  },
}

async function observe(service: Service, context: Context, late: boolean) {
  const inAll = await sampled(serviceSelector(service.name), context)
  const byInstance = new Map<string, Answer<number>>()
  for (const instance of service.instances) {
    byInstance.set(instance, await sampled(serviceSelector(service.name, instance), context))
  }
  return judgeProfiles(service, { inAll, byInstance }, late)
}

/** Of whichever profiler. Merged stacks have an exact range where series are rounded to their step. */
async function sampled(selector: string, { backends, beginMs, signal }: Context): Promise<Answer<number>> {
  const range = { startMs: beginMs, endMs: Date.now(), maxNodes: 1, signal }
  let total = 0
  for (const profileType of CPU_PROFILES) {
    const graph = await answerOf(backends.pyroscope.mergeStacktraces(profileType, selector, range))
    if ('error' in graph) return graph
    total += graph.value.total
  }
  return { value: total }
}
