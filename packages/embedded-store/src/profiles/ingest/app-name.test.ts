import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MalformedError } from '../../otlp/batch.ts'
import { parseAppName } from './app-name.ts'

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
    expect(() => parseAppName(text)).toThrow(MalformedError)
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
          expect(error).toBeInstanceOf(MalformedError)
        }
      }),
    )
  })
})
