import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { packBatch } from '../otlp.ts'
import { Refusal } from '../refusal.ts'
import { isPushed, packPushed, parseAppName, unpackPushed } from './push.ts'

const named = (text: string) => {
  const { service, labels } = parseAppName(text)
  return [service, Object.fromEntries(labels)]
}

describe('an application name', () => {
  test.each([
    ['payment-provider', 'payment-provider', {}],
    ['payment-provider{}', 'payment-provider', {}],
    [
      'a/b.c_d{otel.scope.name=com.grafana.pyroscope/nodejs,region=eu}',
      'a/b.c_d',
      { 'otel.scope.name': 'com.grafana.pyroscope/nodejs', region: 'eu' },
    ],
    [' a { b = c d , e = } ', 'a', { b: 'c d', e: '' }],
    ['a{b=1,b=2}', 'a', { b: '2' }],
    ['a{b=c=d}', 'a', { b: 'c=d' }],
    ['a{b=c,d}', 'a', { b: 'c' }],
    ['a{b=c,d=e', 'a', { b: 'c' }],
    ['a{}{b=c}', 'a', {}],
    ['a{__name__=b}', 'b', {}],
  ])('%s', (text, service, labels) => {
    expect(named(text)).toEqual([service, labels])
  })

  test.each(['', '{}', 'a b', 'ä', 'a{=b}', 'a{b-c=d}', 'a{b=c}{d=e}', 'a{b,c=d}'])('not %j', (text) => {
    expect(() => parseAppName(text)).toThrow(Refusal)
  })

  test('gives what was put into it', () => {
    const name = fc.stringMatching(/^[\w.]+$/).filter((text) => text !== '__name__')
    const value = fc.string().map((text) => text.replace(/[,}]/g, '').trim())
    fc.assert(
      fc.property(
        fc.stringMatching(/^[\w./-]+$/),
        fc.dictionary(name, value, { noNullPrototype: true }),
        (service, labels) => {
          const pairs = Object.entries(labels).map(([key, text]) => `${key}=${text}`)
          expect(named(`${service}{${pairs.join()}}`)).toEqual([service, labels])
        },
      ),
    )
  })

  test('is read or refused, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab_.-/{}=, \n') }), (text) => {
        try {
          const { labels } = parseAppName(text)
          for (const key of labels.keys()) expect(key).toMatch(/^[\w.]+$/)
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal)
        }
      }),
    )
  })
})

test('a frame gives what was put into it, compressed or not', { timeout: 60_000 }, () => {
  const pair = fc.tuple(fc.string(), fc.string({ unit: 'binary' }))
  const pushed = fc.record({ labels: fc.array(pair), startMs: fc.nat() }, { noNullPrototype: true })
  fc.assert(
    fc.property(pushed, fc.uint8Array(), fc.boolean(), (about, bytes, isCompressed) => {
      fc.pre(bytes[0] !== 0x1f)
      const frame = packPushed(about, isCompressed ? gzipSync(bytes) : bytes)
      const read = unpackPushed(frame)
      expect(isPushed(frame)).toBe(true)
      expect(read.pushed).toEqual(about)
      expect(Buffer.compare(read.profile, bytes)).toBe(0)
    }),
  )
})

test('a batch of OTLP is not a pushed profile', () => {
  expect(isPushed(packBatch('gzip', new Uint8Array(3)))).toBe(false)
  expect(isPushed(packBatch('identity', new Uint8Array(3)))).toBe(false)
})
