import type { Progress, Verdict } from '@faultline/drill-engine'
import { columns } from './format.ts'

const CLOCK_MS = 1000

/**
 * Live progress on the standard error, so that the verdict alone can be piped: a line for each phase and event, and on
 * a terminal a clock with the evidence below them.
 */
export function drillProgress() {
  const stream = process.stderr
  const startedMs = Date.now()
  const live = stream.isTTY
  let status = ''
  const clock = (): string => `${String(Math.round((Date.now() - startedMs) / 1000)).padStart(4)} s`
  const redraw = (): void => {
    if (live) stream.write(`\r\x1b[K${clock()}  ${status.slice(0, (stream.columns ?? 80) - 10)}`)
  }
  const line = (text: string): void => {
    if (live) stream.write('\r\x1b[K')
    stream.write(`${clock()}  ${text}\n`)
    redraw()
  }
  const timer = setInterval(redraw, CLOCK_MS)
  return {
    tell(progress: Progress): void {
      if (progress.kind === 'phase') {
        status = ''
        line(`${progress.phase.toUpperCase()}: ${progress.text}`)
      } else if (progress.kind === 'event') {
        line(`  ${progress.text}`)
      } else {
        const open =
          progress.open.length === 0 ? 'all evidence is there' : `open: ${progress.open.join(', ')}`
        const next = `evidence ${progress.met.length} of ${progress.met.length + progress.open.length}; ${open}`
        if (!live && next !== status) line(`  ${next}`)
        status = next
        redraw()
      }
    },
    finish(): void {
      clearInterval(timer)
      if (live) stream.write('\r\x1b[K')
    },
  }
}

const percent = (ratio: number | undefined): string =>
  ratio === undefined ? '?' : `${(ratio * 100).toFixed(2)} %`
const seconds = (value: number | undefined): string => (value === undefined ? '-' : `${value.toFixed(1)} s`)
const short = (value: number | undefined): string =>
  value === undefined ? 'no data' : String(Number(value.toPrecision(3)))

/** The verdict for a terminal. */
export function verdictText(verdict: Verdict, reportFile: string): string {
  const { evidence, cause, redHerrings, blastRadius, recovery, cure, budget } = verdict
  const harmed = blastRadius.flatMap(({ harmed, service, route }) => (harmed ? `${service} ${route}` : []))
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['page', verdict.page ? `${verdict.page.alert} after ${seconds(verdict.timeToPageSeconds)}` : 'none'],
    [
      'budget used',
      `${percent(budget.used)} of the window's, burning up to ${short(budget.peakBurnRate)} times too fast`,
    ],
    ['blast radius', `${harmed.length} of ${blastRadius.length} routes: ${harmed.join(', ') || 'none'}`],
    [
      'cause',
      cause
        ? `${cause.service}, span ${cause.span} (${cause.times} of them, ${percent(cause.share)} of the trace's time): ${cause.statement}`
        : 'not seen',
    ],
    [
      'recovery',
      recovery &&
        `${seconds(recovery.seconds)}${recovery.stayedBad === undefined ? '' : `, after staying at ${percent(recovery.stayedBad)} errors`}`,
    ],
    ['cure', cure && `${percent(cure.errorRatio)} errors, allowed ${percent(cure.budget)}`],
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
    columns(facts.flatMap(([name, value]) => (value === undefined ? [] : [[`  ${name}`, value]]))),
    ...verdict.failures.map((failure) => `  ✗ ${failure}`),
  ].join('\n')
}
