import { join } from 'node:path'
import {
  type Backends,
  createBackends,
  createGrafanaClient,
  type GrafanaClient,
} from '@faultline/backends-client'
import { sharedCacheProbe } from './cache/probe-shared-cache.ts'
import { collectorProbe } from './collector/probe-collector.ts'
import { type Context, nothingFound, servicesOf, type VerifyEndpoints } from './context.ts'
import { UNTRIED } from './grafana/judge-grafana.ts'
import { grafanaProbe } from './grafana/probe-grafana.ts'
import { exemplarsProbe } from './links/probe-exemplars.ts'
import { linksProbe } from './links/probe-links.ts'
import { loadProbe } from './load/probe-load.ts'
import { metricNamesProbe } from './metrics/probe-metric-names.ts'
import { orderProbe } from './order/probe-order.ts'
import { loadDashboards, loadExpectations } from './panels/load.ts'
import { panelsProbe } from './panels/probe-panels.ts'
import { type Probe, runProbe } from './probe.ts'
import type { Station } from './reach/judge-reach.ts'
import { probeReach, stations } from './reach/probe-reach.ts'
import { attribute, type TimedFinding } from './report/attribute.ts'
import type { Finding, VerifyReport } from './report/check.ts'
import { newMarker } from './requests/mark.ts'
import { requestsProbe } from './requests/probe-requests.ts'
import { type Credentials, createRequester } from './requests/requester.ts'
import { rulesProbe } from './rules/probe-rules.ts'
import { sendRequests } from './send.ts'
import { logsProbe } from './signals/probe-logs.ts'
import { metricsProbe } from './signals/probe-metrics.ts'
import { profilesProbe } from './signals/probe-profiles.ts'
import { tracesProbe } from './signals/probe-traces.ts'

export interface VerifyOptions {
  readonly endpoints: VerifyEndpoints
  /** Who signs in to buy a seat. Default: a demo user of the kit. */
  readonly credentials?: Credentials
  /** Folder of the dashboards' JSON; `expectations.json` is looked for beside it. */
  readonly dashboards: string
  /** Ends verify; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Ends verify with what is known by then, in ms. Default 75 000. */
  readonly timeoutMs?: number
  readonly onProgress?: (progress: VerifyProgress) => void
}

/** What verify is at, for people who wait. Why a check is open is only known when all others are done. */
export type VerifyProgress =
  | { readonly kind: 'sent'; readonly requests: number }
  | { readonly kind: 'settled'; readonly what: string; readonly passed: number; readonly open: number }

/** Nothing of the kit answers: it does not run, or elsewhere. */
export class KitNotRunning extends Error {
  override readonly name = 'KitNotRunning'

  constructor(endpoints: VerifyEndpoints) {
    super(
      `the kit is not running: neither ${endpoints.gateway} nor any backend answers; start it with: npm start -- --detach (in containers: docker compose up -d --wait)`,
    )
  }
}

/** May read and do everything that a user can; the same password as in the demo's seed. */
const DEMO_USER: Credentials = {
  username: 'organiser-1',
  password: process.env.DEMO_PASSWORD ?? 'faultline-demo',
}
const DEFAULT_TIMEOUT_MS = 75_000
/** Of one question to a backend, in ms; there are hundreds. */
const CALL_TIMEOUT_MS = 5_000
const IMPATIENT_TIMEOUT_MS = 500
/** Left of the timeout for the last answers and the report. */
const RESERVE_MS = 5_000

/**
 * Sends requests of its own through the running kit and follows them through all four backends, then asks
 * every query of every panel and looks at rules and collector. Rejects with {@link KitNotRunning} where
 * nothing answers, with DashboardFileInvalid for unusable dashboards, and with the signal's reason.
 */
export async function runVerify(options: VerifyOptions): Promise<VerifyReport> {
  const { endpoints, dashboards: folder, onProgress = () => {} } = options
  const signal = options.signal ?? new AbortController().signal
  const dashboards = await loadDashboards(folder)
  const expectations = await loadExpectations(join(folder, '..', 'expectations.json'))
  const targets = dashboards.flatMap((dashboard) => dashboard.targets)

  const beginMs = Date.now()
  const deadlineMs = beginMs + (options.timeoutMs ?? DEFAULT_TIMEOUT_MS) - RESERVE_MS
  const requester = createRequester({
    gateway: endpoints.gateway,
    marker: newMarker(),
    credentials: options.credentials ?? DEMO_USER,
    signal,
  })
  const hopeless = new Set<string>()
  const context: Context = {
    endpoints,
    backends: createBackends(endpoints, { timeoutMs: CALL_TIMEOUT_MS }),
    requester,
    beginMs,
    signal,
    hopeless,
    found: nothingFound(),
  }
  const runIn = async (probe: Probe, within: Context): Promise<TimedFinding[]> => {
    const findings = await runProbe(probe, within, deadlineMs)
    for (const { id, status } of findings) if (status !== 'pass') hopeless.add(id)
    return findings
  }
  const runAndTell = async (probe: Probe, within: Context): Promise<TimedFinding[]> => {
    const findings = await runIn(probe, within)
    onProgress({ kind: 'settled', what: probe.name, ...tally(findings) })
    return findings
  }
  const reach = async (which: readonly Station[], run = runIn) =>
    (await Promise.all(which.map((station) => run(probeReach(station), context)))).flat()

  const reached = await reach(stations(endpoints), runAndTell)
  if (reached.every(({ status }) => status === 'fail')) throw new KitNotRunning(endpoints)
  const within = { ...context, backends: impatient(context) }

  const links = runAndTell(linksProbe(), within)
  const order = runAndTell(orderProbe, within)
  const probes = [
    requestsProbe,
    metricsProbe,
    logsProbe,
    tracesProbe,
    profilesProbe,
    exemplarsProbe(),
    metricNamesProbe(targets, expectations),
    panelsProbe(dashboards, expectations),
    loadProbe,
    rulesProbe,
    collectorProbe,
    sharedCacheProbe,
    ...(endpoints.grafana === undefined
      ? []
      : [grafanaProbe({ client: grafanaClient(endpoints.grafana, hopeless), dashboards })]),
  ]
  const onSent = (requests: number) => onProgress({ kind: 'sent', requests })
  const [linkFindings, orderFindings, rest] = await Promise.all([
    links,
    order,
    Promise.all(probes.map((probe) => runAndTell(probe, within))),
    sendRequests(within, { until: Promise.all([links, order]), onSent }),
  ])
  const findings = [...reached, ...rest.flat(), ...linkFindings, ...orderFindings]
  return report(await lookAgain(findings, reach, context), context)
}

function tally(findings: readonly Finding[]): { passed: number; open: number } {
  const passed = findings.filter(({ status }) => status === 'pass').length
  return { passed, open: findings.length - passed }
}

/** Hundreds of questions to a backend that does not answer are not each given their full time. */
function impatient({ endpoints, backends, hopeless }: Context): Backends {
  const quick = createBackends(endpoints, { timeoutMs: IMPATIENT_TIMEOUT_MS })
  const of = (name: string) => (hopeless.has(`reach/${name}`) ? quick : backends)
  return {
    prometheus: of('prometheus').prometheus,
    loki: of('loki').loki,
    tempo: of('tempo').tempo,
    pyroscope: of('pyroscope').pyroscope,
  }
}

function grafanaClient(baseUrl: string, hopeless: ReadonlySet<string>): GrafanaClient {
  const timeoutMs = hopeless.has('reach/grafana') ? IMPATIENT_TIMEOUT_MS : CALL_TIMEOUT_MS
  return createGrafanaClient({ baseUrl, timeoutMs })
}

/** Where something failed, what was reached at the start may have stopped since. */
async function lookAgain(
  findings: readonly TimedFinding[],
  reach: (which: readonly Station[]) => Promise<readonly TimedFinding[]>,
  { endpoints }: Context,
): Promise<readonly TimedFinding[]> {
  if (findings.every(({ status }) => status === 'pass')) return findings
  const wasReached = (name: string) =>
    findings.some(({ id, status }) => id === `reach/${name}` && status === 'pass')
  const again = await reach(stations(endpoints).filter(({ name }) => wasReached(name)))
  return findings.map((finding) => again.find(({ id }) => id === finding.id) ?? finding)
}

function report(findings: readonly TimedFinding[], context: Context): VerifyReport {
  const { requester, beginMs, endpoints } = context
  const { checks, firstBrokenHop } = attribute(findings)
  const count = (status: Finding['status']) => checks.filter((check) => check.status === status).length
  return {
    ok: count('fail') === 0,
    begin: new Date(beginMs).toISOString(),
    durationMs: Date.now() - beginMs,
    requests: {
      marker: requester.marker,
      sent: requester.sent.length,
      answered: requester.sent.filter(({ status }) => status !== undefined).length,
    },
    services: servicesOf(context).map(({ name, instances }) => ({ name, instances })),
    ...(firstBrokenHop === undefined ? {} : { firstBrokenHop }),
    ...(endpoints.grafana === undefined ? {} : { notes: [UNTRIED] }),
    counts: { passed: count('pass'), failed: count('fail'), skipped: count('skipped') },
    checks,
  }
}
