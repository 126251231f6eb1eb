import fc from 'fast-check'
import { expect, test } from 'vitest'
import { columns, duration, inOneLine, secondsSince } from './format.ts'

test('columns line up and lines have no blanks at their end', () => {
  expect(
    columns([
      ['a', 'bb', ''],
      ['ccc', 'd', 'e'],
    ]),
  ).toBe('a    bb\nccc  d   e')
})

test('durations for people', () => {
  expect([0, 0.44, 59.94, 60, 125.9].map(duration)).toEqual([
    '0.0 s',
    '0.4 s',
    '59.9 s',
    '1 min 0 s',
    '2 min 5 s',
  ])
})

test('a clock that was set back shows no negative time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 0, max: 4e12 }), (since, now) => {
      expect(secondsSince(new Date(since).toISOString(), now)).toBeGreaterThanOrEqual(0)
    }),
  )
})

test('of what has ended, how and why in one line', () => {
  const detail = 'exited with code 1\nsome line\nError: no'
  expect(inOneLine({ state: 'failed', detail })).toBe('exited with code 1: Error: no')
  expect(inOneLine({ state: 'backoff', detail: 'was killed by SIGKILL' })).toBe('was killed by SIGKILL')
  expect(inOneLine({ state: 'building', detail })).toBe('exited with code 1')
  expect(inOneLine({ state: 'ready' })).toBe('')
})
