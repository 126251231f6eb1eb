import { expect, test } from 'vitest'
import { profilesWithin } from './ask.ts'

test('a profile that goes on into the next phase is none of this one', () => {
  expect(profilesWithin({ startMs: 100_000, endMs: 130_000 })).toEqual({ startMs: 100_000, endMs: 120_000 })
})

test('a short window has the last profile that is over by its end', () => {
  expect(profilesWithin({ startMs: 118_000, endMs: 130_000 })).toEqual({ startMs: 110_000, endMs: 120_000 })
})
