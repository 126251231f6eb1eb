/** Drawings of evidence that are not charts: a trace as a waterfall, profiles as a difference of flame graphs. */
import { type FlameNode, type Span, type SpanNode, spanTrees, type Trace } from '@faultline/backends-client'
import type { Profiled, Window } from '../evidence/judge.ts'
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

/** Narrower than this share nothing can be read. */
const LEAST_SHARE = 0.004
const ROW_PX = 17
const WIDTH_PX = 1000
const MAX_DEPTH = 28
/** Pixels of a letter, to leave out names that do not fit. */
const LETTER_PX = 6.2
/** The profiler's name for doing nothing; drawn, it would hide all else. */
const IDLE = /^\(idle\)$/

/**
 * Two flame graphs over each other. Widths are of the time with the fault and before it together, so that what vanished
 * is there too; red is what grew, blue what shrank.
 */
export function flameGraphDifference(during: Profiled, before: Profiled | undefined, frame: RegExp): Html {
  const root = withoutIdle(flameDifference(during, before))
  const whole = weight(root)
  if (whole === 0) return html`<p class="note">Nothing was profiled.</p>`
  const boxes: Html[] = []
  let deepest = 0
  const draw = (node: FlameDifference, x: number, depth: number): void => {
    const share = weight(node) / whole
    if (share < LEAST_SHARE || depth > MAX_DEPTH) return
    deepest = Math.max(deepest, depth)
    boxes.push(box(node, x * WIDTH_PX, depth, share * WIDTH_PX, frame))
    let at = x
    for (const child of node.children.toSorted((a, b) => weight(b) - weight(a))) {
      draw(child, at, depth + 1)
      at += weight(child) / whole
    }
  }
  draw(root, 0, 0)
  return html`<svg class="flame" viewBox="0 0 ${WIDTH_PX} ${(deepest + 1) * ROW_PX}" role="img" aria-label="Flame graph, before against during the fault">${boxes}</svg>
    <p class="note">Width: time before and during the fault. <span class="grew">Red</span> grew, <span class="shrank">blue</span> shrank, outlined is what is meant; idle time is left out.</p>`
}

function box(node: FlameDifference, x: number, depth: number, width: number, frame: RegExp): Html {
  const letters = Math.floor(width / LETTER_PX) - 1
  const title = `${node.name}: ${cores(node.before)} before, ${cores(node.during)} during`
  return html`<g><title>${title}</title>
    <rect x="${x.toFixed(1)}" y="${depth * ROW_PX}" width="${Math.max(width - 0.6, 0.4).toFixed(1)}" height="${ROW_PX - 1}" fill="${colour(node)}" ${frame.test(node.name) && html`stroke="#111" stroke-width="1.6"`}/>
    ${letters > 2 && html`<text x="${(x + 3).toFixed(1)}" y="${depth * ROW_PX + 12}">${node.name.slice(0, letters)}</text>`}</g>`
}

/** From blue (all gone) over grey (as before) to red (all new). */
function colour({ during, before }: FlameDifference): string {
  const change = (during - before) / Math.max(during + before, Number.MIN_VALUE)
  const strength = Math.min(1, Math.abs(change))
  const lightness = 90 - 30 * strength
  return `hsl(${change >= 0 ? 8 : 212} ${Math.round(15 + 65 * strength)}% ${Math.round(lightness)}%)`
}

/** Nanoseconds a second as milliseconds of it. */
const cores = (nanoseconds: number): string => `${(nanoseconds / 1e6).toFixed(2)} ms/s`

const weight = ({ during, before }: FlameDifference): number => during + before

function withoutIdle(node: FlameDifference): FlameDifference {
  const idle = node.children.filter(({ name }) => IDLE.test(name))
  const less = (side: 'during' | 'before'): number =>
    node[side] - idle.reduce((sum, child) => sum + child[side], 0)
  return {
    ...node,
    during: less('during'),
    before: less('before'),
    children: node.children.filter(({ name }) => !IDLE.test(name)),
  }
}

/** A function in two flame graphs, in value a second of each. */
interface FlameDifference {
  readonly name: string
  readonly during: number
  readonly before: number
  readonly children: readonly FlameDifference[]
}

/** Lays two flame graphs over each other, path by path. */
export function flameDifference(during: Profiled, before: Profiled | undefined): FlameDifference {
  const perSecond = secondsOf(during.window)
  const perSecondBefore = before === undefined ? 1 : secondsOf(before.window)
  const merge = (a: FlameNode | undefined, b: FlameNode | undefined, name: string): FlameDifference => {
    const names = new Set([...(a?.children ?? []), ...(b?.children ?? [])].map((child) => child.name))
    const named = (node: FlameNode | undefined, wanted: string) =>
      node?.children.find((child) => child.name === wanted)
    return {
      name,
      during: (a?.total ?? 0) / perSecond,
      before: (b?.total ?? 0) / perSecondBefore,
      children: [...names].map((child) => merge(named(a, child), named(b, child), child)),
    }
  }
  return merge(during.graph.root, before?.graph.root, 'total')
}

const secondsOf = ({ startMs, endMs }: Window): number => (endMs - startMs) / 1000
