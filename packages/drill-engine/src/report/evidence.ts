import type { Endpoints } from '@faultline/runtime'
import type { AssessedEvidence } from '../assess.ts'
import type { Drill, Evidence } from '../drill.ts'
import type { Answer, Window } from '../evidence/judge.ts'
import { flameGraphDifference, waterfall } from './drawings.ts'
import { clock, type Html, html, link, valueText } from './html.ts'

const SIGNALS = { metrics: 'Metric', logs: 'Log', traces: 'Trace', profiles: 'Profile' } as const
const LINES_SHOWN = 12

/** Where the pages are that are linked to. */
export type Pages = Pick<Endpoints, 'grafana' | 'prometheus'>

interface EvidenceContext {
  readonly drill: Drill
  readonly endpoints: Pages
  readonly window: Window
}

export function evidenceSection(assessed: readonly AssessedEvidence[], context: EvidenceContext): Html {
  return html`<section>
    <h2>Evidence</h2>
    ${context.drill.evidence.map((evidence) => {
      const found = assessed.find(({ verdict }) => verdict.id === evidence.id)
      return found && one(evidence, found, context)
    })}
  </section>`
}

function one(evidence: Evidence, { verdict, answers }: AssessedEvidence, context: EvidenceContext): Html {
  const { status, baseline, fault, recovered } = verdict
  const unit = evidence.signal === 'metrics' ? evidence.unit : undefined
  const value = (measured: { value: number | undefined } | undefined) =>
    measured === undefined ? '–' : valueText(measured.value, unit)
  const { threshold } = evidence
  const limit =
    'above' in threshold
      ? `above ${valueText(threshold.above, unit)}`
      : `below ${valueText(threshold.below, unit)}`
  const further = queryLink(context.endpoints, evidence, context.window)
  return html`<article class="evidence">
    <h3><span class="signal">${SIGNALS[evidence.signal]}</span> ${evidence.shows} <span class="badge ${status === 'met' ? 'met' : 'missing'}">${status}</span></h3>
    <p>Before <b>${value(baseline)}</b>, with the fault <b>${value(fault)}</b>, after <b>${value(recovered)}</b>. Counts when ${limit}: ${evidence.because}.</p>
    ${drawing(evidence, answers.fault, context.drill)}
    <pre>${verdict.query}</pre>
    ${further && html`<p class="note">${further}</p>`}
  </article>`
}

function drawing(evidence: Evidence, answer: Answer, drill: Drill): Html {
  switch (answer.signal) {
    case 'metrics':
      return html`<div id="chart-${evidence.id}" class="chart"></div>`
    case 'logs':
      return logLines(answer)
    case 'traces': {
      if (answer.example === undefined) return html`<p class="note">No trace matches.</p>`
      const pattern = new RegExp(drill.cause.span)
      return waterfall(
        answer.example,
        ({ serviceName, name }) => serviceName === drill.cause.service && pattern.test(name),
      )
    }
    case 'profiles':
      return flameGraphDifference(
        answer,
        answer.before,
        new RegExp(evidence.signal === 'profiles' ? evidence.frame : '(?!)'),
      )
  }
}

function logLines({ entries, limit }: Extract<Answer, { signal: 'logs' }>): Html {
  if (entries.length === 0) return html`<p class="note">No line matches.</p>`
  const count = entries.length >= limit ? `${limit} and more` : String(entries.length)
  return html`<div class="log">${entries
    .slice(0, LINES_SHOWN)
    .map(
      ({ timeMs, line, labels, metadata }) =>
        html`<div><time>${clock(timeMs)}</time> <b>${labels.service_name}</b> <i>${metadata.severity_text ?? ''}</i> ${line}</div>`,
    )}</div><p class="note">${count} lines in the phase.</p>`
}

const DATASOURCES = { metrics: 'prometheus', logs: 'loki', traces: 'tempo', profiles: 'pyroscope' } as const

/** Opens the query of evidence: in Grafana's Explore where it runs, else in Prometheus' own page. */
function queryLink({ grafana, prometheus }: Pages, evidence: Evidence, window: Window): Html | undefined {
  if (grafana !== undefined) {
    const datasource = DATASOURCES[evidence.signal]
    const pane = {
      datasource,
      queries: [{ refId: 'A', datasource: { uid: datasource }, ...grafanaQuery(evidence) }],
      range: { from: String(Math.floor(window.startMs)), to: String(Math.ceil(window.endMs)) },
    }
    const panes = encodeURIComponent(JSON.stringify({ drill: pane }))
    return link('open in Grafana', `${grafana}/explore?schemaVersion=1&panes=${panes}`)
  }
  if (evidence.signal !== 'metrics') return undefined
  const query = new URLSearchParams({
    'g0.expr': evidence.promql,
    'g0.tab': 'graph',
    'g0.end_input': new Date(window.endMs).toISOString().slice(0, 19).replace('T', ' '),
    'g0.range_input': `${Math.ceil((window.endMs - window.startMs) / 1000)}s`,
  })
  return link('open in Prometheus', `${prometheus}/query?${query}`)
}

function grafanaQuery(evidence: Evidence): Record<string, unknown> {
  switch (evidence.signal) {
    case 'metrics':
      return { expr: evidence.promql, range: true }
    case 'logs':
      return { expr: evidence.logql, queryType: 'range' }
    case 'traces':
      return { query: evidence.traceql, queryType: 'traceql' }
    case 'profiles':
      return {
        profileTypeId: evidence.profileType,
        labelSelector: evidence.selector,
        queryType: 'profile',
        groupBy: [],
      }
  }
}
