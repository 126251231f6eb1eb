import fc from 'fast-check'
import { expect, test } from 'vitest'
import { identify, isAlive, statFields } from './identity.ts'

test('this process is alive; one with its pid and another start time is not', () => {
  const self = identify(process.pid)
  expect(self?.pid).toBe(process.pid)
  expect(self !== undefined && isAlive(self)).toBe(true)
  expect(isAlive({ pid: process.pid, startTime: 'another' })).toBe(false)
})

test('fields are counted right whatever the command is called', () => {
  fc.assert(
    fc.property(fc.string(), (command) => {
      const fields = statFields(
        `42 (${command}) S ${Array.from({ length: 40 }, (_, i) => i + 4).join(' ')}\n`,
      )
      expect(fields(3)).toBe('S')
      expect(fields(22)).toBe('22')
    }),
  )
})
