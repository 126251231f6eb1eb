import pMap from 'p-map'
import { answerOf } from '../answer.ts'
import { servicesOf, sinceSentMs } from '../context.ts'
import { patience } from '../patience.ts'
import type { Probe } from '../probe.ts'
import { CPU_PROFILE, judgeProfiles, serviceSelector } from './judge-profiles.ts'

const STEP_MS = 15_000

/** CPU profiles of each service. */
export const profilesProbe: Probe = {
  name: 'profiles',
  hop: 'profiles',
  async observe(context) {
    const { backends, beginMs, signal, found } = context
    if (found.sentUntilMs === undefined) return []
    const late = sinceSentMs(context) > patience.profiles
    const options = {
      startMs: beginMs,
      endMs: Date.now(),
      stepMs: STEP_MS,
      groupBy: ['service_instance_id'],
      signal,
    }
    return pMap(
      servicesOf(context),
      async (service) => {
        const selector = serviceSelector(service.name)
        const series = await answerOf(backends.pyroscope.selectSeries(CPU_PROFILE, selector, options))
        return judgeProfiles(service, series, late)
      },
      { concurrency: 2 },
    )
  },
}
