import type { AssessedEvidence } from '../assess.ts'
import type { Drill, Evidence } from '../drill.ts'
import type { Answer, Window } from '../evidence/answer.ts'
import { flameGraphDifference } from './flame.ts'
import { type Html, html } from './html.ts'
import { type Pages, queryLink } from './links.ts'
import { clock, valueText } from './text.ts'
import { waterfall } from './waterfall.ts'

const SIGNALS = { metrics: 'Metric', logs: 'Log', traces: 'Trace', profiles: 'Profile' } as const
const LINES_SHOWN = 12

export interface EvidenceContext {
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
  const link = queryLink(context.endpoints, evidence, context.window)
  return html`<article class="evidence">
    <h3><span class="signal">${SIGNALS[evidence.signal]}</span> ${evidence.shows} <span class="badge ${status === 'met' ? 'met' : 'missing'}">${status}</span></h3>
    <p>Before <b>${value(baseline)}</b>, with the fault <b>${value(fault)}</b>, after <b>${value(recovered)}</b>. Counts when ${limit}: ${evidence.because}.</p>
    ${drawing(evidence, answers.fault, context.drill)}
    <pre>${verdict.query}</pre>
    ${link && html`<p class="note"><a href="${link.url}">${link.title}</a></p>`}
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
