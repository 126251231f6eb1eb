import type { Drill } from '../drill.ts'
import type { Window } from '../evidence/judge.ts'
import type { Verdict } from '../verdict.ts'
import type { Pages } from './evidence.ts'
import { clock, type Html, html, link, percent, seconds } from './html.ts'

const OUTCOMES = {
  passed: 'every claim held',
  failed: 'not every claim held',
  'cut-short': 'ended early, the fault is left in',
} as const

export function heading(verdict: Verdict, drill: Drill, { grafana }: Pages, window: Window): Html {
  const { outcome, control, startedAt, durationSeconds, failures } = verdict
  return html`<header>
    <p class="kind">Failure drill${control && ' · control, without the fault'}</p>
    <h1>${drill.title}</h1>
    <p class="lead">${drill.teaches}</p>
    <p><span class="outcome ${outcome}">${outcome}</span> ${OUTCOMES[outcome]} · <code>${verdict.drill}</code> · ${startedAt.slice(0, 19).replace('T', ' ')} UTC · ${seconds(durationSeconds)}
      ${grafana !== undefined && dashboards(grafana, drill.cause.service, window)}</p>
    ${failures.length > 0 && html`<ul class="failures">${failures.map((failure) => html`<li>${failure}</li>`)}</ul>`}
  </header>`
}

function dashboards(grafana: string, service: string, { startMs, endMs }: Window): Html {
  const range = `from=${Math.floor(startMs)}&to=${Math.ceil(endMs)}`
  const overview = link('Dashboard Overview', `${grafana}/d/overview?${range}`)
  const ofService = `${grafana}/d/service?var-service=${service}&${range}`
  return html` · ${overview} · ${link(`Dashboard Service: ${service}`, ofService)}`
}

/** What an executive reads. */
export function keyNumbers({
  timeToPageSeconds,
  page,
  budget,
  blastRadius,
  recovery,
  cure,
  load,
  servedBefore,
}: Verdict): Html {
  const harmed = blastRadius.filter((route) => route.harmed).length
  const cards = [
    {
      name: 'Time to page',
      value: seconds(timeToPageSeconds),
      note: breakable(page?.alert ?? 'nobody was paged'),
    },
    {
      name: 'Budget burned',
      value: percent(budget.used),
      note: `up to ${times(budget.peakBurnRate)} as fast as allowed`,
    },
    { name: 'Blast radius', value: `${harmed} of ${blastRadius.length}`, note: 'routes harmed' },
    {
      name: 'Time to recover',
      value: seconds(recovery?.seconds),
      note:
        recovery?.kind === 'metastable' ? 'after the protection was switched on' : 'after the fault was gone',
    },
    {
      name: 'With the protection',
      value: cure === undefined ? '–' : percent(cure.errorRatio),
      note: cure === undefined ? 'not tried' : `bad requests; ${percent(cure.budget)} allowed`,
    },
    {
      name: 'Load offered',
      value: percent(load.share),
      note: `${load.offered} of ${load.planned} iterations; ${percent(servedBefore)} served before the fault`,
    },
  ]
  return html`<section class="cards">${cards.map(
    ({ name, value, note }) =>
      html`<div class="card"><h3>${name}</h3><p class="value">${value}</p><p class="note">${note}</p></div>`,
  )}</section>`
}

/** A name of several words in one may end a line between them. */
const breakable = (name: string): string => name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '\u200b')

const times = (factor: number | undefined): string =>
  factor === undefined ? '?' : `${factor.toFixed(0)} times`

export function timeline({ phases, alerts }: Verdict): Html {
  const events = [
    ...phases.map(({ name, startMs }) => ({ atMs: startMs, text: `${name} begins`, kind: 'phase' })),
    ...alerts.map(({ alert, severity, summary, firedAtMs }) => ({
      atMs: firedAtMs,
      text: `${severity === 'page' ? 'page' : severity}: ${alert}. ${summary}`,
      kind: 'fired',
    })),
    ...alerts.flatMap(({ alert, resolvedAtMs }) =>
      resolvedAtMs === undefined ? [] : [{ atMs: resolvedAtMs, text: `${alert} resolved`, kind: 'resolved' }],
    ),
  ].toSorted((a, b) => a.atMs - b.atMs)
  return html`<section>
    <h2>Timeline</h2>
    <h3>Bad share of the objective <span class="note">dashed: what the objective allows; red and green lines: alerts fire and resolve</span></h3>
    <div id="chart-sli" class="chart" data-height="230"></div>
    <h3>Requests a second at the gateway</h3>
    <div id="chart-load" class="chart" data-height="150"></div>
    <ol class="events">${events.map(({ atMs, text, kind }) => html`<li class="${kind}"><time>${clock(atMs)}</time> ${text}</li>`)}</ol>
  </section>`
}

export function cause(verdict: Verdict, drill: Drill): Html {
  const seen = verdict.cause
  return html`<section>
    <h2>Cause</h2>
    <p>${drill.cause.explanation}</p>
    <pre>${drill.cause.statement}</pre>
    ${
      seen === undefined
        ? html`<p class="bad">No stored trace shows it.</p>`
        : html`<p>Seen in trace <code>${seen.traceId}</code>: <b>${seen.service}</b> is in <b>${seen.span}</b> for ${percent(seen.share)} of the time, in ${seen.times} ${seen.times === 1 ? 'span' : 'spans'}.</p>`
    }
  </section>`
}

export function blastRadius({ blastRadius: routes }: Verdict): Html {
  return html`<section>
    <h2>Blast radius</h2>
    <table><thead><tr><th>Service</th><th>Route</th><th>Errors before</th><th>during</th><th>p95 before</th><th>during</th><th></th></tr></thead>
    <tbody>${routes.map(
      ({
        service,
        route,
        harmed,
        errorRatio,
        errorRatioBefore,
        p95,
        p95Before,
      }) => html`<tr class="${harmed ? 'harmed' : ''}"><td>${service}</td><td><code>${route}</code></td>
        <td>${percent(errorRatioBefore)}</td><td>${percent(errorRatio)}</td><td>${seconds(p95Before)}</td><td>${seconds(p95)}</td><td>${harmed ? 'harmed' : 'healthy'}</td></tr>`,
    )}</tbody></table>
  </section>`
}

export function redHerrings({ redHerrings: wrong }: Verdict): Html {
  return html`<section>
    <h2>Explanations that look right and are wrong</h2>
    ${wrong.map(
      ({
        explanation,
        looksRightBecause,
        shows,
        promql,
        value,
        threshold,
        refuted,
      }) => html`<div class="herring">
        <h3>${explanation} <span class="badge ${refuted ? 'met' : 'missing'}">${refuted ? 'refuted' : 'not refuted'}</span></h3>
        <p>It looks right: ${looksRightBecause}.</p>
        <p>But ${shows}: measured ${value === undefined ? 'no data' : Number(value.toPrecision(3))}, refuted when ${threshold}.</p>
        <pre>${promql}</pre></div>`,
    )}
  </section>`
}

/** The fault without and with the protection, on the same scale. */
export function cureSideBySide(verdict: Verdict, drill: Drill): Html {
  const { cure } = verdict
  if (cure === undefined) return html``
  return html`<section>
    <h2>The cure: ${drill.protection.title}</h2>
    <p>${drill.protection.explanation}</p>
    <div class="columns">
      <div><h3>Without it</h3><div id="chart-without" class="chart"></div></div>
      <div><h3>With it: ${percent(cure.errorRatio)} bad, ${percent(cure.budget)} allowed ${cure.paged && '(and a page)'}</h3><div id="chart-with" class="chart"></div></div>
    </div>
    <p class="note">Same load, same fault, same scale. Its price: ${drill.protection.price}</p>
  </section>`
}
