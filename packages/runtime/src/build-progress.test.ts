import { expect, test } from 'vitest'
import { describeBuild } from './build-progress.ts'

test('each phase of a build in one line', () => {
  const binary = 'loki'
  expect(describeBuild({ binary, phase: 'waiting' })).toBe('another build runs first')
  expect(describeBuild({ binary, phase: 'started', expectedSeconds: 270 })).toBe(
    'about 270 s on two idle cores',
  )
  expect(describeBuild({ binary, phase: 'downloading', modules: 12 })).toBe('12 modules downloaded')
  expect(
    describeBuild({
      binary,
      phase: 'compiling',
      elapsedSeconds: 33.4,
      expectedSeconds: 98,
      share: 0.341,
      compiledPackages: 123,
      totalPackages: 456,
    }),
  ).toBe('34 %, 123 of 456 packages, 33 s of about 98 s')
  expect(describeBuild({ binary, phase: 'done', elapsedSeconds: 90, path: '/x' })).toBe('built in 90 s')
})
