import { errors, request } from 'undici'
import type { VerifyEndpoints } from '../context.ts'
import type { Probe } from '../probe.ts'
import { judgeReach, type ReachProblem, type Station } from './judge-reach.ts'

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
    ...(grafana === undefined ? [] : [grafanaStation(grafana)]),
  ]
}

/** Says that Grafana itself runs, nothing about what it can show. */
function grafanaStation(grafana: string): Station {
  return { name: 'grafana', url: new URL('/api/health', grafana).href, component: 'grafana' }
}

export function probeReach(station: Station): Probe {
  const startMs = Date.now()
  return {
    name: `reach ${station.name}`,
    hop: station.name,
    intervalMs: 500,
    observe: async ({ signal }) => {
      const problem = await ask(station.url, signal)
      return [judgeReach(station, problem, Date.now() - startMs >= GRACE_MS)]
    },
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
