import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { DrillResult } from '../assess.ts'
import type { Drill } from '../drill.ts'
import type { Window } from '../evidence/judge.ts'
import { budgetOf } from '../sli.ts'
import type { Phase, Verdict } from '../verdict.ts'
import { evidenceSection, type Pages } from './evidence.ts'
import { embedded, Html, html } from './html.ts'
import { blastRadius, cause, cureSideBySide, heading, keyNumbers, redHerrings, timeline } from './summary.ts'

const { resolve } = createRequire(import.meta.url)

/** A line of a chart: epoch seconds and values, as uPlot takes them. */
export interface Line {
  readonly label: string
  readonly times: readonly number[]
  readonly values: readonly (number | null)[]
}

/** What the report draws beyond the verdict, over the whole drill. */
export interface Material {
  readonly window: Window
  /** Bad share of the worst objective. */
  readonly badRatio: readonly Line[]
  /** Requests a second at the gateway, by outcome. */
  readonly load: readonly Line[]
  /** By id, of evidence in metrics. */
  readonly metrics: Readonly<Record<string, readonly Line[]>>
}

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
    heading(verdict, drill, endpoints, window),
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

function charts({ phases }: Verdict, drill: Drill, material: Material): readonly Chart[] {
  const { window, badRatio, load, metrics } = material
  const sli = { lines: badRatio, unit: 'ratio', threshold: budgetOf(drill) }
  const sideBySide = (id: string, name: Phase['name']): Chart[] =>
    phases.filter((phase) => phase.name === name).map((phase) => ({ ...sli, id, ...span(phase), top: 1 }))
  return [
    { ...sli, id: 'chart-sli', ...span(window) },
    { id: 'chart-load', lines: load, unit: 'per second', ...span(window) },
    ...(phases.some(({ name }) => name === 'cure')
      ? [...sideBySide('chart-without', 'fault'), ...sideBySide('chart-with', 'cure')]
      : []),
    ...drill.evidence.flatMap((evidence): Chart[] => {
      const lines = metrics[evidence.id]
      if (evidence.signal !== 'metrics' || lines === undefined) return []
      const { id, unit, threshold } = evidence
      const at = 'above' in threshold ? threshold.above : threshold.below
      return [{ id: `chart-${id}`, lines, unit, threshold: at, ...span(window) }]
    }),
  ]
}

const span = ({ startMs, endMs }: Window) => ({ from: startMs / 1000, to: endMs / 1000 })
