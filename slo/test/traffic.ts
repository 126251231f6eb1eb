import type { Objective } from '../src/openslo.ts'

/** Events per step, whose length the profile says. */
const EVENTS = 6_000

/** What happens for a while. */
export interface Segment {
  readonly steps: number
  /** Share of bad events; without it nothing happens. */
  readonly bad?: number
  /** The process starts again before, and its counters with it. */
  readonly restart?: true
}

/** Series in the notation of promtool. */
export type Series = readonly { readonly series: string; readonly values: string }[]

/** The counters of an objective while this happens, as its selectors name them. */
export function countersOf({ indicator }: Objective, segments: readonly Segment[]): Series {
  const partSelector = indicator.kind === 'bad' ? indicator.bad : indicator.good
  const part = seriesOf(partSelector)
  const other = seriesOf(indicator.total)
  if (selects(partSelector, other)) {
    throw new Error(`${partSelector} also selects ${text(other)}: say what it counts with = or =~`)
  }
  const whole = selects(indicator.total, part) ? 'rest' : 'all'
  const perStep = ({ bad }: Segment) => {
    if (bad === undefined) return { part: 0, other: 0 }
    const counted = EVENTS * (indicator.kind === 'bad' ? bad : 1 - bad)
    return { part: counted, other: whole === 'all' ? EVENTS : EVENTS - counted }
  }
  const values = (which: 'part' | 'other') => counter(segments, (segment) => perStep(segment)[which])
  return [
    { series: text(part), values: values('part') },
    { series: text(other), values: values('other') },
  ]
}

function counter(segments: readonly Segment[], perStep: (segment: Segment) => number): string {
  let at = 0
  return segments
    .map((segment, index) => {
      const step = perStep(segment)
      const fresh = index === 0 || segment.restart === true
      const first = fresh ? 0 : at + step
      // the first sample of all is that of step 0
      const more = index === 0 ? segment.steps : segment.steps - 1
      at = first + step * more
      return `${first}+${step}x${more}`
    })
    .join(' ')
}

type Labels = ReadonlyMap<string, string>

interface Matcher {
  readonly label: string
  readonly operator: string
  readonly value: string
}

function matchersOf(selector: string): readonly Matcher[] {
  const [, name = '', inside = ''] = /^([\w:]*)(.*)$/s.exec(selector) ?? []
  const matchers = [...inside.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)].map(
    ([, label = '', operator = '', value = '']) => ({ label, operator, value }),
  )
  return name === '' ? matchers : [{ label: '__name__', operator: '=', value: name }, ...matchers]
}

/** A series that a selector selects: what it must match is written out, what it must not match is left out. */
function seriesOf(selector: string): Labels {
  const labels = new Map(
    matchersOf(selector).flatMap(({ label, operator, value }): [string, string][] => {
      if (operator === '=') return [[label, value]]
      return operator === '=~' ? [[label, example(value)]] : []
    }),
  )
  if (!selects(selector, labels)) throw new Error(`no example of ${selector}: found ${text(labels)}`)
  return labels
}

/** A text that matches: `/v1/(reservations|orders)` gives `/v1/reservations`, `5..` gives `500`. */
const example = (pattern: string): string =>
  pattern
    .replaceAll(/\(([^()|]*)[^()]*\)/g, '$1')
    .replace(/\|.*/, '')
    .replaceAll(/\.[+*]?/g, '0')

function selects(selector: string, labels: Labels): boolean {
  return matchersOf(selector).every(({ label, operator, value }) => {
    const actual = labels.get(label) ?? ''
    const matches = operator.endsWith('~') ? new RegExp(`^(?:${value})$`).test(actual) : actual === value
    return operator.startsWith('!') ? !matches : matches
  })
}

function text(labels: Labels): string {
  const pairs = [...labels].filter(([label]) => label !== '__name__')
  return `${labels.get('__name__') ?? ''}{${pairs.map(([label, value]) => `${label}="${value}"`).join(',')}}`
}
