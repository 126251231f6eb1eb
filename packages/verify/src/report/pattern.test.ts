import { describe, expect, it } from 'vitest'
import { matches } from './pattern.ts'

describe('matches', () => {
  it.each([
    ['reach/loki', 'reach/loki', true],
    ['reach/loki-2', 'reach/loki', false],
    ['reach/loki', 'reach/*', true],
    ['signal/gateway/logs', 'signal/*/logs', true],
    ['signal/gateway/logs/extra', 'signal/*/logs', false],
    ['signal/logs', 'signal/*/logs', false],
    ['anything', '*', true],
  ])('%s by %s: %s', (id, pattern, expected) => {
    expect(matches(id, pattern)).toBe(expected)
  })
})
