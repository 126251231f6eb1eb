/** The keep rule stands in packages/telemetry/src/trace/keep.ts; what repeats it must agree. */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  DECISION_WAIT_MS,
  isKeptByRatio,
  KEEP_ATTRIBUTE,
  KEEP_MEMBER,
  KEEP_RATIO,
  SLOW_THRESHOLD_MS,
} from '@faultline/telemetry/keep'
import { markRequest } from '@faultline/verify'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { keepRuleParts, prefixesBelow, withKeepRule } from '../src/keep-rule.ts'
import { COLLECTOR_FOLDER, CONFIGURATION } from './support/collector.ts'

const committed = (path: string) => readFile(join(dirname(COLLECTOR_FOLDER), path), 'utf8')

/** All that four hexadecimal digits can be. */
const PREFIXES = Array.from({ length: 2 ** 16 }, (_, index) => index.toString(16).padStart(4, '0'))

test.each([...keepRuleParts])('%s is what `npm run keep:generate` writes', async (path, part) => {
  const text = await committed(path)
  expect(text).toBe(withKeepRule(text, part))
})

test('the sampler of collector.yaml waits and keeps as the rule says', async () => {
  const { redaction, tail_sampling } = parse(await readFile(CONFIGURATION, 'utf8')).processors
  expect(tail_sampling).toMatchObject({
    decision_wait: `${DECISION_WAIT_MS / 1000}s`,
    policies: [
      { boolean_attribute: { key: KEEP_ATTRIBUTE, value: true } },
      { status_code: { status_codes: ['ERROR'] } },
      { latency: { threshold_ms: SLOW_THRESHOLD_MS - 1 } },
    ],
  })
  expect(redaction.ignored_keys).toContain(KEEP_ATTRIBUTE)
})

test('the edge marks the share of the rule, and the traces that services would mark', async () => {
  const [, pattern = '', member] =
    /^\t+~(\S+) (\S+)$/m.exec(await committed('backends/caddy/Caddyfile')) ?? []
  expect(member).toBe(KEEP_MEMBER)
  // Caddy's regular expressions (RE2) and JavaScript's mean the same by what is used here.
  const marks = new RegExp(pattern)
  const traceId = (prefix: string) => `${'f'.repeat(19)}${prefix}${'0'.repeat(9)}`
  const marked = PREFIXES.filter((prefix) => marks.test(traceId(prefix)))
  expect(Math.abs(marked.length / PREFIXES.length - KEEP_RATIO)).toBeLessThan(0.0001)
  expect(marked).toEqual(PREFIXES.filter((prefix) => isKeptByRatio(traceId(prefix), KEEP_RATIO)))
})

test('verify asks for its own traces by the mark of the rule', () => {
  expect(markRequest('verify', 1).headers.tracestate).toBe(KEEP_MEMBER)
})

describe('prefixes of a share', () => {
  test('match the lowest prefixes, as many as are nearest to the share', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: PREFIXES.length }), (count) => {
        const marks = new RegExp(`^(${prefixesBelow(count / PREFIXES.length).join('|')})`)
        expect(PREFIXES.filter((prefix) => marks.test(prefix))).toEqual(PREFIXES.slice(0, count))
      }),
      { numRuns: 30, examples: [[1], [16], [4_096], [0xa000], [PREFIXES.length]] },
    )
  })

  test.each([0, 2 ** -18, 1.1, Number.NaN])('cannot be had for %d', (ratio) => {
    expect(() => prefixesBelow(ratio)).toThrow(RangeError)
  })
})

test('a file without markers is refused', () => {
  expect(() => withKeepRule('# <keep-rule> begins and never ends\n', 'x')).toThrow('# </keep-rule>')
})
