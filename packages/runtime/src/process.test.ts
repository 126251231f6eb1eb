import fc from 'fast-check'
import { expect, test } from 'vitest'
import { baseEnvironment, identify, isAlive, statFields } from './process.ts'

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

test("a component sees the kit's settings, not the telemetry set-up of the shell that it was started from", () => {
  const env = baseEnvironment({
    PATH: '/bin',
    LC_ALL: 'de_DE.UTF-8',
    NODE_OPTIONS: '--inspect',
    OTEL_EXPORTER_OTLP_HEADERS: 'key=secret',
    HTTP_PROXY: 'http://proxy',
    FAULTLINE_PROFILES_EXPORTER: 'none',
    LOG_LEVEL: 'debug',
    HOME: undefined,
  })
  expect(env).toEqual({
    PATH: '/bin',
    FAULTLINE_PROFILES_EXPORTER: 'none',
    LOG_LEVEL: 'debug',
    LC_ALL: 'C.UTF-8',
  })
})
