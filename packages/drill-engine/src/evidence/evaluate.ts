import { type Evidence, isBeyond } from '../drill.ts'
import type { Answer, Measurement } from './answer.ts'
import { metricValue } from './metrics.ts'
import { profileValue } from './profiles.ts'

/**
 * Measures evidence in what the backends answered.
 * @throws TypeError when the answer is one to a question of another signal
 */
export function evaluate(evidence: Evidence, answer: Answer): Measurement {
  const value = measure(evidence, answer)
  return { value, met: value !== undefined && isBeyond(value, evidence.threshold) }
}

function measure(evidence: Evidence, answer: Answer): number | undefined {
  if (evidence.signal === 'metrics' && answer.signal === 'metrics')
    return metricValue(answer.series, evidence)
  if (evidence.signal === 'logs' && answer.signal === 'logs') return answer.entries.length
  if (evidence.signal === 'traces' && answer.signal === 'traces') return answer.found.length
  if (evidence.signal === 'profiles' && answer.signal === 'profiles') return profileValue(answer, evidence)
  throw new TypeError(`evidence ${evidence.id} in ${evidence.signal} cannot be found in ${answer.signal}`)
}
