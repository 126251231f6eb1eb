import escapeHtml from 'escape-html'

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

export type Child = Html | string | number | undefined | false | readonly Child[]

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

/** Data for a script in the page: no text in it can end the script. */
export function embedded(data: unknown): Html {
  return new Html(JSON.stringify(data).replaceAll('<', '\\u003c'))
}
