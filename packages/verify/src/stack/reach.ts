import { errors, request } from 'undici'
import type { VerifyEndpoints } from '../context.ts'
import type { Probe } from '../probe.ts'
import { type Finding, fail, type Hop } from '../report/check.ts'

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
type ReachProblem =
  | { readonly kind: 'unreachable' | 'timeout' | 'refused'; readonly message: string }
  | undefined

/** Whether a station answers. */
export function judgeReach({ name, url, component, behind }: Station, problem: ReachProblem): Finding {
  const finding = {
    id: `reach/${name}`,
    hop: name,
    expected: 'answers with success',
    query: `GET ${url}`,
    ...(behind !== undefined && { explainedBy: [`reach/${behind}`] }),
  } as const
  if (problem === undefined) return { ...finding, status: 'pass', seen: 'ready' }
  const causes = {
    unreachable: `${component} does not run, or listens elsewhere: ${name} is not reachable on ${new URL(url).host}`,
    timeout: `${component} is overloaded or stopped by a signal`,
    refused: `${component} runs and is not ready`,
  }
  return fail(finding, {
    seen: problem.message,
    likelyCause: causes[problem.kind],
    nextStep: `faultline status, then faultline logs ${component}`,
  })
}

/** A component that is being restarted gets this long to come back, in ms. */
const GRACE_MS = 5_000
const TIMEOUT_MS = 3_000

/** Everything on the way, in its order. */
export function stations(endpoints: VerifyEndpoints): Station[] {
  const { edge, gateway, collectorHealth, prometheus, loki, tempo, pyroscope, grafana } = endpoints
  const embedded = 'embedded-store (or the real one)'
  return [
    { name: 'edge', url: new URL('/openapi.json', edge).href, component: 'edge', behind: 'gateway' },
    { name: 'gateway', url: new URL('/openapi.json', gateway).href, component: 'gateway' },
    { name: 'collector', url: collectorHealth, component: 'collector' },
    { name: 'prometheus', url: new URL('/-/ready', prometheus).href, component: 'prometheus' },
    { name: 'loki', url: new URL('/ready', loki).href, component: 'loki' },
    { name: 'tempo', url: new URL('/ready', tempo).href, component: embedded },
    { name: 'pyroscope', url: new URL('/ready', pyroscope).href, component: embedded },
    // Says that Grafana itself runs, nothing about what it can show.
    ...(grafana === undefined
      ? []
      : [{ name: 'grafana', url: new URL('/api/health', grafana).href, component: 'grafana' } as const]),
  ]
}

export function reachProbe(station: Station, signal: AbortSignal): Probe {
  const startMs = Date.now()
  return {
    name: `reach ${station.name}`,
    hop: station.name,
    intervalMs: 500,
    late: () => Date.now() - startMs >= GRACE_MS,
    observe: async () => [judgeReach(station, await ask(station.url, signal))],
  }
}

async function ask(url: string, signal: AbortSignal): Promise<ReachProblem> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  try {
    const { statusCode, body } = await request(url, { signal: AbortSignal.any([signal, timeout]) })
    const text = await body.text()
    if (statusCode >= 200 && statusCode < 300) return undefined
    return { kind: 'refused', message: `status ${statusCode}: ${text.slice(0, 200)}` }
  } catch (error) {
    signal.throwIfAborted()
    if (timeout.aborted || error instanceof errors.HeadersTimeoutError) {
      return { kind: 'timeout', message: `no answer within ${TIMEOUT_MS} ms` }
    }
    return { kind: 'unreachable', message: error instanceof Error ? error.message : String(error) }
  }
}
