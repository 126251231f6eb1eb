import { type Span, type SpanNode, spanTrees, type Trace } from '@faultline/backends-client'
import { type Html, html } from './html.ts'

/** Spans drawn, at most: the first ones of a trace tell the story. */
const MAX_ROWS = 40
const INDENT_EM = 0.9

/** A trace as bars on a common axis, the cause marked. */
export function waterfall(trace: Trace, isCause: (span: Span) => boolean): Html {
  const [first] = spanTrees(trace.spans)
  if (first === undefined) return html``
  // what goes on in the background long after the request was answered would press it into a corner
  const start = first.span.startMs
  const whole = Math.max(first.span.durationMs, 0.001)
  const within = trace.spans.filter(({ startMs }) => startMs < start + whole)
  const rows = flatten(spanTrees(within), 0)
  return html`<div class="waterfall">
    ${rows.slice(0, MAX_ROWS).map(({ span, depth }) => {
      const left = ((span.startMs - start) / whole) * 100
      const width = Math.min(Math.max((span.durationMs / whole) * 100, 0.3), 100 - left)
      const classes = [span.status === 'error' ? 'error' : '', isCause(span) ? 'cause' : ''].join(' ')
      return html`<div class="span ${classes}">
        <div class="span-name" style="padding-left:${depth * INDENT_EM}em"><b>${span.serviceName}</b> ${span.name}</div>
        <div class="span-track"><div class="span-bar" style="left:${left.toFixed(2)}%;width:${width.toFixed(2)}%"></div></div>
        <div class="span-time">${span.durationMs.toFixed(1)} ms</div>
      </div>`
    })}
    ${rows.length > MAX_ROWS && html`<p class="note">${trace.spans.length - MAX_ROWS} more spans are not drawn.</p>`}
    <p class="note">Trace <code>${trace.traceId}</code>, the slowest that matches.</p>
  </div>`
}

interface Row {
  readonly span: Span
  readonly depth: number
}

function flatten(nodes: readonly SpanNode[], depth: number): Row[] {
  return nodes.flatMap(({ span, children }) => [{ span, depth }, ...flatten(children, depth + 1)])
}
