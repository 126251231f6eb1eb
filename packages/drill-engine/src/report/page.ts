import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Drill, Evidence } from '../drill.ts'
import type { DrillResult } from '../run-drill.ts'
import { budgetOf } from '../sli.ts'
import type { Phase, Verdict } from '../verdict.ts'
import { evidenceSection } from './evidence.ts'
import { embedded, Html, html } from './html.ts'
import { dashboardLinks, type Pages } from './links.ts'
import type { Line, Material } from './material.ts'
import { blastRadius, cause, cureSideBySide, heading, keyNumbers, redHerrings, timeline } from './summary.ts'

const { resolve } = createRequire(import.meta.url)

interface Chart {
  readonly id: string
  readonly lines: readonly Line[]
  readonly unit: string
  readonly threshold?: number
  /** Epoch seconds. */
  readonly from: number
  readonly to: number
  /** The vertical axis reaches at least so far. */
  readonly top?: number
}

/** The report as one file: style, script and data are in it, so that it can be sent and kept. */
export async function renderPage(
  { verdict, evidence }: DrillResult,
  drill: Drill,
  endpoints: Pages,
  material: Material,
): Promise<string> {
  const [css, chartCss, chartLibrary, charts] = await Promise.all([
    asset(join(import.meta.dirname, 'page.css')),
    asset(resolve('uplot/dist/uPlot.min.css')),
    asset(resolve('uplot/dist/uPlot.iife.min.js')),
    asset(join(import.meta.dirname, 'charts.client.js')),
  ])
  const { window } = material
  const body = [
    heading(verdict, drill, dashboardLinks(endpoints, drill.cause.service, window)),
    keyNumbers(verdict),
    timeline(verdict),
    cause(verdict, drill),
    cureSideBySide(verdict, drill),
    blastRadius(verdict),
    evidenceSection(evidence, { drill, endpoints, window }),
    redHerrings(verdict),
  ]
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Drill ${verdict.drill}: ${verdict.outcome}</title>
<style>${chartCss}${css}</style></head>
<body>${body}
<script type="application/json" id="data">${embedded(pageData(verdict, drill, material))}</script>
<script>${chartLibrary}</script><script>${charts}</script></body></html>\n`.text
}

/** Files of the page are markup already; none of them has the end of a script or a style in it. */
async function asset(file: string): Promise<Html> {
  return new Html(await readFile(file, 'utf8'))
}

function pageData(verdict: Verdict, drill: Drill, material: Material): unknown {
  const { phases, alerts } = verdict
  const marks = alerts.flatMap(({ firedAtMs, resolvedAtMs }) => [
    { time: firedAtMs / 1000, kind: 'fired' },
    ...(resolvedAtMs === undefined ? [] : [{ time: resolvedAtMs / 1000, kind: 'resolved' }]),
  ])
  return {
    phases: phases.map(({ name, startMs, endMs }) => ({ name, start: startMs / 1000, end: endMs / 1000 })),
    marks,
    charts: charts(verdict, drill, material),
  }
}

function charts(
  { phases }: Verdict,
  drill: Drill,
  { window, badRatio, load, metrics }: Material,
): readonly Chart[] {
  const whole = { from: window.startMs / 1000, to: window.endMs / 1000 }
  const sli = { lines: badRatio, unit: 'ratio', threshold: budgetOf(drill) }
  const of = (name: Phase['name']) => phases.find((phase) => phase.name === name)
  const fault = of('fault')
  const cure = of('cure')
  const sideBySide =
    fault === undefined || cure === undefined
      ? []
      : [
          { ...sli, id: 'chart-without', ...span(fault), top: 1 },
          { ...sli, id: 'chart-with', ...span(cure), top: 1 },
        ]
  return [
    { ...sli, id: 'chart-sli', ...whole },
    { id: 'chart-load', lines: load, unit: 'per second', ...whole },
    ...sideBySide,
    ...drill.evidence.flatMap((evidence) => metricChart(evidence, metrics[evidence.id], whole)),
  ]
}

function metricChart(
  evidence: Evidence,
  lines: readonly Line[] | undefined,
  range: { from: number; to: number },
): readonly Chart[] {
  if (evidence.signal !== 'metrics' || lines === undefined) return []
  const { threshold, unit } = evidence
  const at = 'above' in threshold ? threshold.above : threshold.below
  return [{ id: `chart-${evidence.id}`, lines, unit, threshold: at, ...range }]
}

const span = ({ startMs, endMs }: Phase) => ({ from: startMs / 1000, to: endMs / 1000 })
