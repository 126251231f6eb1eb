import {
  DECISION_WAIT_MS,
  KEEP_ATTRIBUTE,
  KEEP_MEMBER,
  KEEP_RATIO,
  SLOW_THRESHOLD_MS,
} from '@faultline/telemetry/keep'

/** Hexadecimal digits that the edge looks at: it marks a multiple of 1/65,536 of all traces. */
const DIGITS = 4

/** The part of the keep rule that each file has between its markers; paths from the root of the repository. */
export const keepRuleParts: ReadonlyMap<string, string> = new Map([
  ['collector/collector.yaml', samplerPolicies()],
  ['backends/caddy/Caddyfile', edgeMark()],
])

/**
 * `text` with `part` between its markers, indented as they are.
 * @throws Error where the two markers are missing
 */
export function withKeepRule(text: string, part: string): string {
  const region = /^([ \t]*)(# <keep-rule>.*\n)(?:.*\n)*?[ \t]*# <\/keep-rule>$/m
  if (!region.test(text)) throw new Error('no lines from "# <keep-rule>" to "# </keep-rule>"')
  return text.replace(region, (_, indent: string, begin: string) => {
    const lines = part.trim().replaceAll(/^(?=.)/gm, indent)
    return `${indent}${begin}${lines}\n${indent}# </keep-rule>`
  })
}

function samplerPolicies(): string {
  const percent = Number((KEEP_RATIO * 100).toPrecision(4))
  return `
# Longer than the longest deadline of a request plus the senders' batching: spans that come after the
# decision follow it, they do not change it.
decision_wait: ${DECISION_WAIT_MS / 1000}s
policies:
  # The share of all traffic (${percent} %) is chosen where the trace starts, not here: an attribute can be
  # known to the service that attaches the exemplar, a probability of the sampler's own cannot.
  - name: kept-by-mark
    type: boolean_attribute
    boolean_attribute: { key: ${KEEP_ATTRIBUTE}, value: true }
  - name: errors
    type: status_code
    status_code: { status_codes: [ERROR] }
  # The policy keeps what takes strictly more than this many whole milliseconds, so ${SLOW_THRESHOLD_MS - 1} is
  # "${SLOW_THRESHOLD_MS} ms and longer".
  - name: slow
    type: latency
    latency: { threshold_ms: ${SLOW_THRESHOLD_MS - 1} }
`
}

/** Of the digits that `isKeptByRatio` compares (the trace id's last 13), the edge compares the first four. */
function edgeMark(): string {
  return `
map {http.vars.trace_id} {keep} {
	~^.{19}(${prefixesBelow(KEEP_RATIO).join('|')}) ${KEEP_MEMBER}
	default ""
}
`
}

/**
 * Alternatives of a regular expression (RE2) that the nearest reachable share of all hexadecimal numbers
 * begins with: the lowest ones.
 * @param ratio more than half of 1/65,536, up to 1
 */
export function prefixesBelow(ratio: number): readonly string[] {
  const count = Math.round(ratio * 16 ** DIGITS)
  if (!(count >= 1 && count <= 16 ** DIGITS)) throw new RangeError(`the edge cannot mark a share of ${ratio}`)
  const last = (count - 1).toString(16).padStart(DIGITS, '0')
  return Array.from(last, (digit, index) => {
    // what is lower in this digit is lower whatever follows; only the last digit may be as high
    const highest = Number.parseInt(digit, 16) - (index < DIGITS - 1 ? 1 : 0)
    return highest < 0 ? [] : [last.slice(0, index) + digitsTo(highest)]
  }).flat()
}

function digitsTo(highest: number): string {
  if (highest === 0) return '0'
  return highest < 10 ? `[0-${highest}]` : `[0-9a-${highest.toString(16)}]`
}
