import type { Answer } from '../evidence/answer.ts'
import { type FlameDifference, flameDifference } from '../evidence/profiles.ts'
import { type Html, html } from './html.ts'

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
export function flameGraphDifference(answer: Extract<Answer, { signal: 'profiles' }>, frame: RegExp): Html {
  const root = withoutIdle(flameDifference(answer, answer.before))
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
