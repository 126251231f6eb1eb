import type { Verdict } from '@faultline/drill-engine'
import { columns } from './format.ts'

const percent = (ratio: number | undefined): string =>
  ratio === undefined ? '?' : `${(ratio * 100).toFixed(2)} %`
const seconds = (value: number | undefined): string => (value === undefined ? '-' : `${value.toFixed(1)} s`)
const short = (value: number | undefined): string =>
  value === undefined ? 'no data' : String(Number(value.toPrecision(3)))

/** The verdict for a terminal. */
export function verdictText(verdict: Verdict, reportFile: string): string {
  const { evidence, cause, redHerrings, blastRadius, recovery, cure, budget } = verdict
  const harmed = blastRadius.filter((route) => route.harmed)
  const facts = [
    [
      'page',
      verdict.page === undefined
        ? 'none'
        : `${verdict.page.alert} after ${seconds(verdict.timeToPageSeconds)}`,
    ],
    [
      'budget used',
      `${percent(budget.used)} of the window's, burning up to ${short(budget.peakBurnRate)} times too fast`,
    ],
    [
      'blast radius',
      `${harmed.length} of ${blastRadius.length} routes: ${harmed.map(({ service, route }) => `${service} ${route}`).join(', ') || 'none'}`,
    ],
    [
      'cause',
      cause === undefined
        ? 'not seen'
        : `${cause.service}, span ${cause.span} (${cause.times} of them, ${percent(cause.share)} of the trace's time): ${cause.statement}`,
    ],
    ...(recovery === undefined
      ? []
      : [
          [
            'recovery',
            `${seconds(recovery.seconds)}${recovery.stayedBad === undefined ? '' : `, after staying at ${percent(recovery.stayedBad)} errors`}`,
          ],
        ]),
    ...(cure === undefined
      ? []
      : [['cure', `${percent(cure.errorRatio)} errors, allowed ${percent(cure.budget)}`]]),
    [
      'load',
      `${verdict.load.offered} of ${verdict.load.planned} iterations; ${percent(verdict.servedBefore)} served well before the fault`,
    ],
    ['report', reportFile],
  ]
  const shown = evidence.map(({ id, signal, status, baseline, fault, recovered, threshold }) => [
    status === 'met' ? '  ✓' : '  ✗',
    id,
    signal,
    status,
    `${short(baseline.value)} → ${short(fault.value)}${recovered === undefined ? '' : ` → ${short(recovered.value)}`}`,
    threshold,
  ])
  const wrong = redHerrings.map(
    ({ explanation, refuted, shows }) =>
      `  ${refuted ? '✓ refuted' : '✗ not refuted'}: ${explanation} (${shows})`,
  )
  return [
    `${verdict.drill}${verdict.control ? ' (control)' : ''}: ${verdict.outcome} in ${seconds(verdict.durationSeconds)}`,
    columns(shown),
    ...wrong,
    columns(facts.map(([name = '', value = '']) => [`  ${name}`, value])),
    ...verdict.failures.map((failure) => `  ✗ ${failure}`),
  ].join('\n')
}
