import { join } from 'node:path'
import { createBackends, type RangeSeries } from '@faultline/backends-client'
import { type Endpoints, makeFolder } from '@faultline/runtime'
import { drillClock } from '@faultline/slo'
import writeFileAtomic from 'write-file-atomic'
import type { DrillResult } from '../assess.ts'
import type { Drill } from '../drill.ts'
import { queryRange } from '../evidence/ask.ts'
import { badRatioQuery } from '../sli.ts'
import type { Verdict } from '../verdict.ts'
import { type Line, type Material, renderPage } from './page.ts'

/**
 * Writes a drill's folder: `report.json` (the verdict), `answers.json` (what the backends said about each piece of evidence) and
 * `report.html`.
 * @returns path of the report for people
 * @throws EnvironmentFailure when a backend does not say what the report draws
 */
export async function writeReport(
  result: DrillResult,
  drill: Drill,
  endpoints: Endpoints,
  stateDir: string,
): Promise<string> {
  const { verdict, evidence } = result
  const stamp = verdict.startedAt.replaceAll(/[:.]/g, '-')
  const folder = join(stateDir, 'drills', `${verdict.drill}-${stamp}${verdict.control ? '-control' : ''}`)
  await makeFolder(folder)
  await writeFileAtomic(join(folder, 'report.json'), `${JSON.stringify(verdict, null, 2)}\n`)
  const answers = Object.fromEntries(evidence.map(({ verdict: { id }, answers }) => [id, answers]))
  await writeFileAtomic(join(folder, 'answers.json'), JSON.stringify(answers))
  const file = join(folder, 'report.html')
  const page = await renderPage(result, drill, endpoints, await collectMaterial(verdict, drill, endpoints))
  await writeFileAtomic(file, page)
  return file
}

/** Before the baseline and after the cure, for the eye, in ms. */
const MARGIN_MS = 6000
/** More lines than this are a tangle. */
const MAX_LINES = 6
const RATE_WINDOW = `[${drillClock.shortWindowMs}ms]`
const SERVED = 'http_server_request_duration_seconds_count{service_name="gateway"'

async function collectMaterial(verdict: Verdict, drill: Drill, endpoints: Endpoints): Promise<Material> {
  const backends = createBackends(endpoints)
  const first = verdict.phases[0]?.startMs ?? Date.parse(verdict.startedAt)
  const last = verdict.phases.at(-1)?.endMs ?? first
  const window = { startMs: first - MARGIN_MS, endMs: last + MARGIN_MS }
  const lines = async (promql: string, label?: string): Promise<readonly Line[]> => {
    const series = await queryRange(backends, promql, window)
    return series.slice(0, MAX_LINES).map((one) => lineOf(one, label))
  }
  const metrics = drill.evidence.filter((evidence) => evidence.signal === 'metrics')
  const [badRatio, failed, served, ...drawn] = await Promise.all([
    lines(badRatioQuery(drill), 'bad share'),
    lines(`sum(rate(${SERVED},http_response_status_code=~"5.."}${RATE_WINDOW})) or vector(0)`, 'failed'),
    lines(`sum(rate(${SERVED}}${RATE_WINDOW}))`, 'all requests'),
    ...metrics.map(({ promql }) => lines(promql)),
  ])
  return {
    window,
    badRatio,
    // the first line is drawn in red
    load: [...failed, ...served],
    metrics: Object.fromEntries(metrics.map(({ id }, i) => [id, drawn[i] ?? []])),
  }
}

function lineOf({ labels, samples }: RangeSeries, label: string | undefined): Line {
  const named = Object.entries(labels).filter(([name]) => name !== '__name__')
  return {
    label: label ?? (named.map(([, value]) => value).join(' ') || 'value'),
    times: samples.map(({ timeMs }) => timeMs / 1000),
    values: samples.map(({ value }) => (Number.isFinite(value) ? value : null)),
  }
}
