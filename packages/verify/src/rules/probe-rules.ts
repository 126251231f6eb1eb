import { answerOf } from '../answer.ts'
import { sinceSentMs } from '../context.ts'
import { patience } from '../patience.ts'
import type { Probe } from '../probe.ts'
import { judgeRules } from './judge-rules.ts'

/** Rules of Prometheus. */
export const rulesProbe: Probe = {
  name: 'rules',
  hop: 'rules',
  async observe(context) {
    const rules = await answerOf(context.backends.prometheus.rules({ signal: context.signal }))
    return judgeRules(rules, Date.now(), sinceSentMs(context) > patience.metrics)
  },
}
