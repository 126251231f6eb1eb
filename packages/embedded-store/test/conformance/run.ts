import { randomBytes } from 'node:crypto'

/** Traces of the fixture by name. Search leaves out leading zeros of an id, hence one that has some. */
const TRACES = ['order', 'browse', 'orphan', 'lonely'] as const
const SPANS = [
  ...['order.server', 'order.client', 'order.booking', 'order.publish', 'order.consume'],
  ...['browse.server', 'browse.select', 'orphan.server', 'lonely.span'],
] as const

export type TraceName = (typeof TRACES)[number]
export type SpanName = (typeof SPANS)[number]

const MINUTE_MS = 60_000
/** Times further from the run's own than this are none. */
const DAY_MS = 86_400_000

/**
 * Ids and times of one run, which differ from run to run, in exchange for the words that stand for them in recorded
 * requests and answers: `{id:order}` (hexadecimal), `{short:order}` (without leading zeros), `{id64:order}` (base64),
 * and `{s-600}`, `{ms+0}`, `{ns+150000000}`, which are distances from the run's time; in requests `{now}` is this second.
 */
export interface Run {
  /** Epoch ms, at the start of a minute, so that steps of time series fall alike in every run. */
  readonly timeMs: number
  /** Hexadecimal. */
  id(name: TraceName | SpanName): string
  /** Puts ids and times in the place of words. */
  filled<T>(template: T): T
  /** Puts words in the place of ids and times. */
  abstracted(json: unknown): unknown
}

export function startRun(nowMs = Date.now()): Run {
  const timeMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS - MINUTE_MS
  const ids = new Map<string, string>([
    ...TRACES.map((name) => [name, idOf(16, name === 'order')] as const),
    ...SPANS.map((name) => [name, idOf(8, name === 'order.client')] as const),
  ])
  const words = wordsOf(ids)
  const replaced = (text: string): string => {
    let result = text
    for (const [word, value] of words) result = result.replaceAll(value, word)
    return result.replace(/^\d{10}$|^\d{13}$|^\d{19}$/, (digits) => distance(digits, timeMs) ?? digits)
  }
  const abstracted = (json: unknown): unknown => {
    if (typeof json === 'string') return replaced(json)
    if (Array.isArray(json)) return json.map(abstracted)
    if (typeof json !== 'object' || json === null) return json
    return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, abstracted(value)]))
  }
  return {
    timeMs,
    id: (name) => ids.get(name) ?? '',
    filled: (template) => filled(template, new Map(words), timeMs),
    abstracted,
  }
}

function idOf(bytes: number, hasLeadingZero: boolean): string {
  const id = randomBytes(bytes)
  id[0] = hasLeadingZero ? 0x0a : 0xa0
  return id.toString('hex')
}

function wordsOf(ids: ReadonlyMap<string, string>): [word: string, value: string][] {
  return [...ids].flatMap(([name, id]): [string, string][] => [
    [`{id:${name}}`, id],
    [`{id64:${name}}`, Buffer.from(id, 'hex').toString('base64')],
    // Last, as it is a part of the whole id.
    ...(id.startsWith('0') ? ([[`{short:${name}}`, id.replace(/^0+/, '')]] as [string, string][]) : []),
  ])
}

function filled<T>(template: T, words: ReadonlyMap<string, string>, timeMs: number): T {
  const text = JSON.stringify(template)
    .replaceAll(/\{(?:id|id64|short):[\w.]+\}/g, (word) => words.get(word) ?? word)
    .replaceAll('{now}', String(Math.floor(Date.now() / 1000)))
    .replaceAll(/\{(s|ms|ns)([+-]\d+)\}/g, (_, unit: string, offset: string) =>
      String((BigInt(timeMs) * scaleOf(unit).up) / scaleOf(unit).down + BigInt(offset)),
    )
  return JSON.parse(text) as T
}

function scaleOf(unit: string): { up: bigint; down: bigint } {
  return { up: unit === 'ns' ? 1_000_000n : 1n, down: unit === 's' ? 1000n : 1n }
}

/** `{ns+5}` for a number of nanoseconds, milliseconds or seconds since the epoch that lies near the run's time. */
function distance(digits: string, timeMs: number): string | undefined {
  const unit = digits.length === 19 ? 'ns' : digits.length === 13 ? 'ms' : 's'
  const { up, down } = scaleOf(unit)
  const offset = BigInt(digits) - (BigInt(timeMs) * up) / down
  const isNear = (offset < 0n ? -offset : offset) * down < BigInt(DAY_MS) * up
  return isNear ? `{${unit}${offset < 0n ? '' : '+'}${offset}}` : undefined
}
