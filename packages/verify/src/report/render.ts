import { styleText } from 'node:util'
import { type Check, hops, signals, type VerifyReport } from './check.ts'

export interface RenderOptions {
  /** Colours and bold type. Default: none. */
  readonly colour?: boolean
  /** Lists every check with what was seen, those that pass too. Default: failures only. */
  readonly all?: boolean
}

/** Consequences listed one by one; more are counted. */
const MAX_CONSEQUENCES = 12

/** The report for people: what holds as a table, then each failure with its cause and the next step. */
export function renderReport(report: VerifyReport, options: RenderOptions = {}): string {
  const paint = painter(options.colour === true)
  const failed = report.checks.filter((check) => check.status === 'fail')
  const roots = failed.filter((check) => check.consequenceOf === undefined)
  const consequences = report.checks.filter((check) => check.consequenceOf !== undefined)
  const skipped = report.checks.filter(
    (check) => check.status === 'skipped' && check.consequenceOf === undefined,
  )
  return [
    ...signalTable(report, paint),
    '',
    ...hopTable(report, paint),
    ...(options.all === true ? ['', ...everyCheck(report, paint)] : []),
    ...roots.flatMap((check) => ['', ...failure(check, report, paint)]),
    ...(consequences.length === 0 ? [] : ['', ...consequenceList(consequences, paint)]),
    ...(skipped.length === 0 ? [] : ['', ...skippedList(skipped)]),
    ...(report.notes === undefined ? [] : ['', ...report.notes]),
    '',
    summary(report, paint),
    '',
  ].join('\n')
}

type Paint = (style: Parameters<typeof styleText>[0], text: string) => string

function painter(colour: boolean): Paint {
  return (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text)
}

function signalTable({ services, checks }: VerifyReport, paint: Paint): string[] {
  const width = Math.max(8, ...services.map(({ name, instances }) => label(name, instances).length)) + 2
  const header = `${'service'.padEnd(width)}${signals.map((signal) => signal.padEnd(10)).join('')}`
  const rows = services.map(({ name, instances }) => {
    const cells = signals.map((signal) => {
      const check = checks.find((one) => one.id === `signal/${name}/${signal}`)
      return mark(check?.status, paint, 10)
    })
    return label(name, instances).padEnd(width) + cells.join('')
  })
  return [paint('bold', header), ...rows]
}

function label(name: string, instances: readonly string[]): string {
  return instances.length > 1 ? `${name} ×${instances.length}` : name
}

/** Hops other than the signals of each service, which the first table has. */
function hopTable({ checks }: VerifyReport, paint: Paint): string[] {
  const byHop = Map.groupBy(
    checks.filter((check) => !check.id.startsWith('signal/')),
    (check) => check.hop,
  )
  const inOrder = [...byHop].sort(([a], [b]) => hops.indexOf(a) - hops.indexOf(b))
  return inOrder.map(([hop, all]) => {
    const failed = all.filter((check) => check.status === 'fail').length
    const skipped = all.filter((check) => check.status === 'skipped').length
    const status = failed > 0 ? 'fail' : skipped === all.length ? 'skipped' : 'pass'
    const [only] = all
    const detail =
      all.length === 1 && only !== undefined ? clip(only.seen) : counted(all.length, failed, skipped)
    return `${mark(status, paint, 6)}${hop.padEnd(24)}${detail}`
  })
}

function everyCheck({ checks }: VerifyReport, paint: Paint): string[] {
  return checks.map(({ status, id, seen }) => `${mark(status, paint, 6)}${id}: ${clip(seen)}`)
}

function counted(all: number, failed: number, skipped: number): string {
  const rest = [failed > 0 ? `${failed} failed` : '', skipped > 0 ? `${skipped} skipped` : ''].filter(Boolean)
  return `${all - failed - skipped} of ${all}${rest.length > 0 ? `, ${rest.join(', ')}` : ''}`
}

function mark(status: Check['status'] | undefined, paint: Paint, width: number): string {
  if (status === 'pass') return paint('green', 'ok'.padEnd(width))
  if (status === 'fail') return paint(['red', 'bold'], 'FAIL'.padEnd(width))
  return paint('dim', (status === 'skipped' ? 'skip' : '-').padEnd(width))
}

function failure(check: Check, report: VerifyReport, paint: Paint): string[] {
  const first = report.firstBrokenHop?.check === check.id
  const title = `${first ? 'First broken hop' : 'Also broken'}: ${check.hop}  (${check.id})`
  const lines: [string, string | undefined][] = [
    ['query', check.query],
    ['expected', check.expected],
    ['seen', check.seen],
    ['likely cause', check.likelyCause],
    ['next step', check.nextStep],
  ]
  const shown = lines.flatMap(([name, text]) => (text === undefined ? [] : [`  ${name.padEnd(14)}${text}`]))
  return [paint(['red', 'bold'], title), ...shown]
}

function consequenceList(consequences: readonly Check[], paint: Paint): string[] {
  const rows = consequences.slice(0, MAX_CONSEQUENCES).map(({ status, id, seen, consequenceOf }) => {
    return `  ${mark(status, paint, 6)}${id}: ${clip(seen)} ${paint('dim', `(after ${consequenceOf})`)}`
  })
  const left = consequences.length - MAX_CONSEQUENCES
  return [
    paint('bold', 'Consequences'),
    ...rows,
    ...(left > 0 ? [`  and ${left} more; --json has them all`] : []),
  ]
}

/** By reason, as one reason skips many. */
function skippedList(skipped: readonly Check[]): string[] {
  const reasons = Map.groupBy(skipped, ({ likelyCause, seen }) => likelyCause ?? seen)
  return [...reasons].map(([reason, all]) => {
    const next = all.find(
      ({ nextStep, likelyCause }) => likelyCause === reason && nextStep !== undefined,
    )?.nextStep
    return `Skipped ${all.length}: ${reason}${next === undefined ? '' : ` (${next})`}`
  })
}

const MAX_LENGTH = 140

/** One line of a table. */
function clip(text: string): string {
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH - 1)}…`
}

function summary({ ok, counts, requests, durationMs }: VerifyReport, paint: Paint): string {
  const verdict = ok ? paint(['green', 'bold'], 'verified') : paint(['red', 'bold'], 'not verified')
  const numbers = `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`
  const own = `${requests.sent} requests of its own (${requests.marker})`
  return `${verdict}: ${numbers} in ${(durationMs / 1000).toFixed(1)} s; ${own}`
}
