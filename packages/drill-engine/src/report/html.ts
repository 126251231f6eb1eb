import escapeHtml from 'escape-html'
import type { MetricEvidence } from '../drill.ts'

/** Markup that is safe as it stands. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

type Child = Html | string | number | undefined | false | readonly Child[]

/** Template of markup: whatever is put into it is escaped, unless it is markup itself. */
export function html(strings: TemplateStringsArray, ...children: readonly Child[]): Html {
  return new Html(strings.reduce((text, part, i) => text + render(children[i - 1]) + part))
}

function render(child: Child): string {
  if (child === undefined || child === false) return ''
  if (child instanceof Html) return child.text
  if (Array.isArray(child)) return child.map(render).join('')
  return escapeHtml(String(child))
}

/** A link to where to go on looking. */
export const link = (title: string, url: string): Html => html`<a href="${url}">${title}</a>`

/** Data for a script in the page: no text in it can end the script. */
export function embedded(data: unknown): Html {
  return new Html(JSON.stringify(data).replaceAll('<', '\\u003c'))
}

/** Numbers as people read them in a report. */
export const percent = (ratio: number | undefined): string => {
  if (ratio === undefined) return 'no data'
  const value = ratio * 100
  return `${value !== 0 && value < 1 ? value.toPrecision(2) : value.toFixed(1)} %`
}

export const seconds = (value: number | undefined): string => {
  if (value === undefined) return '–'
  return value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(1)} s`
}

/** A measured value in the unit of its evidence. */
export function valueText(value: number | undefined, unit: MetricEvidence['unit'] | undefined): string {
  if (value === undefined) return 'no data'
  if (unit === 'ratio') return percent(value)
  if (unit === 'seconds') return seconds(value)
  return String(Number(value.toPrecision(3)))
}

export const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 19)
