import { join } from 'node:path'
import { createBackends, createGrafanaClient } from '@faultline/backends-client'
import type { Context, VerifyEndpoints } from './context.ts'
import { grafanaProbe, UNTRIED } from './grafana/grafana.ts'
import { exemplarsProbe } from './links/exemplars.ts'
import { linksProbe } from './links/walk.ts'
import { orderProbe } from './order/order.ts'
import { orderProfileProbe } from './order/profile.ts'
import { loadDashboards } from './panels/dashboard.ts'
import { loadExpectations } from './panels/expectations.ts'
import { metricNamesProbe } from './panels/metric-names.ts'
import { panelsProbe } from './panels/panels.ts'
import { type Probe, type ProbeLimits, runProbe } from './probe.ts'
import { attribute, type TimedFinding } from './report/attribute.ts'
import type { Finding, VerifyReport } from './report/check.ts'
import { Requester } from './requests/requester.ts'
import { requestsProbe } from './requests/requests.ts'
import type { Credentials } from './requests/take-order.ts'
import { sendFirst, sendMore } from './requests/traffic.ts'
import { logsProbe } from './signals/logs.ts'
import { metricsProbe } from './signals/metrics.ts'
import { createOwnTraces } from './signals/own-traces.ts'
import { profilesProbe } from './signals/profiles.ts'
import { createDiscover } from './signals/services.ts'
import { tracesProbe } from './signals/traces.ts'
import { collectorProbe } from './stack/collector.ts'
import { loadProbe } from './stack/load.ts'
import { reachProbe, type Station, stations } from './stack/reach.ts'
import { rulesProbe } from './stack/rules.ts'
import { sharedCacheProbe } from './stack/shared-cache.ts'

export interface VerifyOptions {
  readonly endpoints: VerifyEndpoints
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
/** Of one that did not answer at the start, so that its hundreds of questions do not take their full time each. */
const IMPATIENT_TIMEOUT_MS = 500
/** Left of the timeout for the last answers and the report. */
const RESERVE_MS = 5_000
/** What has been asked when the deadline passes may still be answered. */
const LAST_ANSWER_MS = 2_000

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

  const beginMs = Date.now()
  const timeoutMs = (options.timeoutMs ?? DEFAULT_TIMEOUT_MS) - RESERVE_MS
  const tooLate = AbortSignal.timeout(Math.max(0, timeoutMs) + LAST_ANSWER_MS)
  const hopeless = new Set<string>()
  const limits: ProbeLimits = { deadlineMs: beginMs + timeoutMs, tooLate, signal, hopeless }
  const run = async (probe: Probe): Promise<TimedFinding[]> => {
    const findings = await runProbe(probe, limits)
    for (const { id, status } of findings) if (status !== 'pass') hopeless.add(id)
    return findings
  }
  const runAndTell = async (probe: Probe): Promise<TimedFinding[]> => {
    const findings = await run(probe)
    onProgress({ kind: 'settled', what: probe.name, ...tally(findings) })
    return findings
  }
  const reach = async (which: readonly Station[], runReach: typeof run) =>
    (await Promise.all(which.map((station) => runReach(reachProbe(station, signal))))).flat()

  const reached = await reach(stations(endpoints), runAndTell)
  const unreached = new Set(
    stations(endpoints)
      .map(({ name }) => name)
      .filter((name) => hopeless.has(`reach/${name}`)),
  )
  if (unreached.size === reached.length) throw new KitNotRunning(endpoints)

  const requester = new Requester(endpoints.gateway, DEMO_USER, signal)
  await sendFirst(requester, endpoints, unreached, signal)
  const sentMs = Date.now()
  onProgress({ kind: 'sent', requests: requester.sent.length })

  const callOptions = (name: Station['name']) => ({
    signal: AbortSignal.any([signal, tooLate]),
    timeoutMs: unreached.has(name) ? IMPATIENT_TIMEOUT_MS : CALL_TIMEOUT_MS,
  })
  const backends = createBackends(endpoints, callOptions)
  const context: Context = { backends, requester, beginMs, sentMs }
  const readTraces = createOwnTraces(backends)
  const discover = createDiscover(context, readTraces)
  const sells = requester.plan?.sells !== false && !requester.plan?.missingOperations.length
  const targets = dashboards.flatMap((dashboard) => dashboard.targets)
  const tracesExpected = !(['collector', 'tempo', 'gateway'] as const).some((name) => unreached.has(name))

  const links = runAndTell(linksProbe(context, discover, readTraces))
  const order = runAndTell(orderProbe(context))
  const orderProfile = sells ? runAndTell(orderProfileProbe(context)) : Promise.resolve([])
  const probes = [
    requestsProbe(endpoints.gateway, requester),
    metricsProbe(context, discover, tracesExpected),
    logsProbe(context, discover),
    tracesProbe(context, discover),
    profilesProbe(context, discover),
    exemplarsProbe(context),
    metricNamesProbe(context, targets, expectations),
    panelsProbe(context, dashboards, expectations),
    loadProbe(context, discover),
    rulesProbe(context),
    collectorProbe(context, !unreached.has('collector')),
    sharedCacheProbe(context),
  ]
  if (endpoints.grafana !== undefined) {
    const client = createGrafanaClient({ baseUrl: endpoints.grafana, ...callOptions('grafana') })
    probes.push(grafanaProbe(context, client, dashboards))
  }
  const followed = Promise.all([links, order, orderProfile])
  const [linkFindings, orderFindings, profileFindings, rest] = await Promise.all([
    links,
    order,
    orderProfile,
    Promise.all(probes.map(runAndTell)),
    unreached.size > 0 ? undefined : sendMore(requester, followed, orderProfile, signal),
  ])
  const found = [...reached, ...rest.flat(), ...linkFindings, ...orderFindings, ...profileFindings]
  const findings = await lookAgain(found, endpoints, (which) => reach(which, run))
  const { services } = await discover()
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
    services: services.map(({ name, instances }) => ({ name, instances })),
    ...(firstBrokenHop === undefined ? {} : { firstBrokenHop }),
    ...(endpoints.grafana === undefined ? {} : { notes: [UNTRIED] }),
    counts: { passed: count('pass'), failed: count('fail'), skipped: count('skipped') },
    checks,
  }
}

function tally(findings: readonly Finding[]): { passed: number; open: number } {
  const passed = findings.filter(({ status }) => status === 'pass').length
  return { passed, open: findings.length - passed }
}

/** Where something failed, what was reached at the start may have stopped since. */
async function lookAgain(
  findings: readonly TimedFinding[],
  endpoints: VerifyEndpoints,
  reach: (which: readonly Station[]) => Promise<readonly TimedFinding[]>,
): Promise<readonly TimedFinding[]> {
  if (findings.every(({ status }) => status === 'pass')) return findings
  const wasReached = ({ name }: Station) =>
    findings.some(({ id, status }) => id === `reach/${name}` && status === 'pass')
  const again = await reach(stations(endpoints).filter(wasReached))
  return findings.map((finding) => again.find(({ id }) => id === finding.id) ?? finding)
}
