import type { Backends, InstantSeries } from '@faultline/backends-client'
import { latencySeconds, objectives } from '@faultline/slo'
import { answered } from './environment.ts'
import type { Window } from './evidence/judge.ts'
import type { RouteHarm } from './verdict.ts'

/** Errors beyond this share harm a route, of a service without an objective too. */
const HARMFUL_ERRORS = objectives['catalog-availability'].errorBudget
/** So does a 95th percentile beyond this, in seconds, that has grown by this factor. */
const HARMFUL_P95 = latencySeconds('catalog-latency')
const HARMFUL_GROWTH = 3

const SERVED = 'http_server_request_duration_seconds'
const BY = 'service_name, http_request_method, http_route'

interface RouteNumbers {
  readonly total: number
  readonly errors: number
  readonly p95: number | undefined
}

/** Every route that had requests in the fault, harmed ones first. */
export async function blastRadius(
  backends: Backends,
  fault: Window,
  baseline: Window,
): Promise<readonly RouteHarm[]> {
  const [during, before] = await Promise.all([numbers(backends, fault), numbers(backends, baseline)])
  const harms = [...during].map(([key, now]): RouteHarm => {
    const was = before.get(key)
    const [service = '', route = ''] = key.split('\n')
    return judgeRoute(service, route, now, was)
  })
  return harms.toSorted((a, b) => Number(b.harmed) - Number(a.harmed) || b.errorRatio - a.errorRatio)
}

export function judgeRoute(
  service: string,
  route: string,
  now: RouteNumbers,
  was: RouteNumbers | undefined,
): RouteHarm {
  const errorRatio = now.errors / now.total
  const errorRatioBefore = was === undefined || was.total === 0 ? 0 : was.errors / was.total
  const fails = errorRatio > HARMFUL_ERRORS && errorRatio > 2 * errorRatioBefore
  const slow = now.p95 !== undefined && now.p95 > HARMFUL_P95 && now.p95 > HARMFUL_GROWTH * (was?.p95 ?? 0)
  return {
    service,
    route,
    harmed: fails || slow,
    errorRatio,
    errorRatioBefore,
    p95: now.p95,
    p95Before: was?.p95,
  }
}

async function numbers(
  { prometheus }: Backends,
  { startMs, endMs }: Window,
): Promise<Map<string, RouteNumbers>> {
  const range = `[${Math.max(4, Math.round((endMs - startMs) / 1000))}s]`
  const at = { timeMs: endMs }
  const [totals, errors, p95s] = await answered(() =>
    Promise.all([
      prometheus.query(`sum by (${BY}) (increase(${SERVED}_count{http_route!=""}${range}))`, at),
      prometheus.query(
        `sum by (${BY}) (increase(${SERVED}_count{http_route!="",http_response_status_code=~"5.."}${range}))`,
        at,
      ),
      prometheus.query(
        `histogram_quantile(0.95, sum by (${BY}, le) (increase(${SERVED}_bucket{http_route!=""}${range})))`,
        at,
      ),
    ]),
  )
  const errorsOf = byRoute(errors)
  const p95Of = byRoute(p95s)
  const served = [...byRoute(totals)].filter(([, total]) => total >= 1)
  return new Map(
    served.map(([key, total]) => [key, { total, errors: errorsOf.get(key) ?? 0, p95: p95Of.get(key) }]),
  )
}

function byRoute(series: readonly InstantSeries[]): Map<string, number> {
  const finite = series.filter(({ value }) => Number.isFinite(value))
  return new Map(
    finite.map(({ labels: { service_name, http_request_method, http_route }, value }) => [
      `${service_name}\n${http_request_method} ${http_route}`,
      value,
    ]),
  )
}
