import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MalformedError } from '../../otlp/batch.ts'
import { pprofProfile, WALL } from '../../testing/pprof.ts'
import { convertPprof } from './convert.ts'
import { decodePprof } from './pprof.ts'

const bytes = pprofProfile({
  ...WALL,
  timeMs: Date.UTC(2026, 0, 1),
  samples: [
    {
      frames: ['leaf', ['inlined', 'caller'], 'main'],
      values: [1, 10_000_000, 4_000_000_000],
      labels: { route: '/' },
    },
    { frames: ['main'], values: [2, 20_000_000, 0], labels: { bytes: 5, span_id: '00000000000000aa' } },
  ],
}).encode()
const pushed = { labels: [['service_name', 'gateway']], startMs: 1 } as const

/** A field with the tag and the length of its content before it. */
function field(number: number, content: Uint8Array): Buffer {
  const length: number[] = []
  for (let rest = content.length; ; rest >>>= 7) {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
    if (rest <= 0x7f) break
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), content])
}

describe('a pprof profile', () => {
  test('is read as it was written', () => {
    expect(decodePprof(bytes).encode()).toEqual(bytes)
  })

  test('is read or refused, whatever it is', () => {
    const damaged = fc
      .tuple(fc.nat(bytes.length - 1), fc.nat(bytes.length), fc.uint8Array({ maxLength: 12 }))
      .map(([at, end, patch]) =>
        Buffer.concat([bytes.subarray(0, at), patch, bytes.subarray(Math.max(at, end))]),
      )
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array()), (body) => {
        try {
          convertPprof(body, pushed)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError)
          expect((error as MalformedError).status).toBe(422)
        }
      }),
      { numRuns: 3000 },
    )
  })

  // The library would need minutes for them.
  const endless = new Uint8Array(1024 * 1024).fill(0xff)
  const hidden = Buffer.from(`H${'€'.repeat(2 ** 18 + 5)}`)
  test.each([
    ['a number without an end', Buffer.concat([Buffer.from([9 << 3]), endless])],
    ['a number in the place of text', field(9, endless)],
    ['a length without an end', Buffer.concat([Buffer.from([(2 << 3) | 2]), endless])],
    ['packed numbers without an end', field(2, field(1, endless))],
    ['a label without an end', field(2, field(3, Buffer.concat([Buffer.from([8]), endless])))],
    // Text for who reads the tag as it is, and a number for who takes its first byte alone.
    ['a tag of two bytes', Buffer.concat([Buffer.from([0xb2, 0]), field(6, hidden).subarray(1)])],
    ['an unknown field', field(16, endless)],
  ])('is refused for %s', (_, body) => {
    expect(() => decodePprof(body)).toThrow(MalformedError)
  })
})
