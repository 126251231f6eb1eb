import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseTargets } from './server.ts'

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/)
const url = fc.webUrl({ validSchemes: ['http'], withQueryParameters: true })

test('whatever targets are written down are read back, in their order', () => {
  const targets = fc.uniqueArray(fc.record({ name, url }), {
    selector: (target) => target.name,
    minLength: 1,
  })
  fc.assert(
    fc.property(targets, (expected) => {
      const read = parseTargets(expected.map((target) => `${target.name}=${target.url}`).join('\n  '))
      expect(read.map((target) => ({ name: target.name, url: target.url.href }))).toEqual(
        expected.map((target) => ({ name: target.name, url: new URL(target.url).href })),
      )
    }),
  )
})

test.each([
  ['', 'READY_TARGETS is empty: give NAME=URL, separated by spaces'],
  ['loki', 'READY_TARGETS: "loki" is not NAME=URL'],
  ['=http://loki:3100', 'READY_TARGETS: "=http://loki:3100" is not NAME=URL'],
  [
    'loki=ftp://loki',
    'READY_TARGETS: "ftp://loki" of loki is no http://, postgres://, redis:// or tcp:// URL',
  ],
  ['loki=http://a loki=http://b', 'READY_TARGETS has a name twice'],
])('"%s" is refused with what is wrong', (text, message) => {
  expect(() => parseTargets(text)).toThrow(message)
})
