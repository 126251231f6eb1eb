import type { Finding } from '../report/check.ts'
import type { Hop } from '../report/hop.ts'

/** Something that verify has to reach before anything else makes sense. */
export interface Station {
  /** Also its hop. */
  readonly name: Extract<
    Hop,
    'edge' | 'gateway' | 'collector' | 'prometheus' | 'loki' | 'tempo' | 'pyroscope' | 'grafana'
  >
  /** Address of its health check. */
  readonly url: string
  /** Name of the component, for `faultline logs`. */
  readonly component: string
  /** Where another one stands behind it, without which it cannot answer either. */
  readonly behind?: Station['name']
}

/** `undefined`: it answered with success. Otherwise why not. */
export type ReachProblem =
  | { readonly kind: 'unreachable' | 'timeout' | 'refused'; readonly message: string }
  | undefined

/** Whether a station answers. */
export function judgeReach(
  { name, url, component, behind }: Station,
  problem: ReachProblem,
  final: boolean,
): Finding {
  const finding = {
    id: `reach/${name}`,
    hop: name,
    expected: 'answers with success',
    query: `GET ${url}`,
    ...(behind !== undefined && { explainedBy: [`reach/${behind}`] }),
    final,
  } as const
  if (problem === undefined) return { ...finding, status: 'pass', seen: 'ready' }
  const causes = {
    unreachable: `${component} does not run, or listens elsewhere: ${name} is not reachable on ${new URL(url).host}`,
    timeout: `${component} is overloaded or stopped by a signal`,
    refused: `${component} runs and is not ready`,
  }
  return {
    ...finding,
    status: 'fail',
    seen: problem.message,
    likelyCause: causes[problem.kind],
    nextStep: `faultline status, then faultline logs ${component}`,
  }
}
