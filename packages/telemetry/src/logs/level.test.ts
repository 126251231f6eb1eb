import { pino } from 'pino'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { nearestLevel, parseLogLevel, severityNumber } from './level.ts'

describe('log level', () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  afterEach(() => warn.mockClear())

  it.each([
    ['WARNING', 'warn'],
    ['Info', 'info'],
    [' notice ', 'info'],
    ['verbose', 'debug'],
    ['off', 'silent'],
    ['NONE', 'silent'],
    ['all', 'trace'],
    ['err', 'error'],
    ['critical', 'fatal'],
    ['30', 'info'],
    ['35', 'warn'],
    ['0', 'trace'],
    ['99', 'silent'],
  ])('takes %s for %s', (text, level) => {
    expect(parseLogLevel(text)).toBe(level)
    expect(() => pino({ level })).not.toThrow()
    expect(warn).not.toHaveBeenCalled()
  })

  it.each(['loud', '', '-1', 'constructor', '1e1'])(
    'warns of "%s", with the levels and the default',
    (text) => {
      expect(parseLogLevel(text)).toBeUndefined()
      const [[message]] = warn.mock.calls as unknown as [[string]]
      for (const word of [JSON.stringify(text), 'trace', 'silent', 'info is used'])
        expect(message).toContain(word)
    },
  )

  it('knows levels of ones own', () => {
    const custom = { audit: 35, verbose: 15 }
    expect(parseLogLevel('audit', custom)).toBe('audit')
    expect(parseLogLevel('verbose', custom)).toBe('verbose')
    expect(parseLogLevel('33', custom)).toBe('audit')
  })

  it('finds a stand-in where only custom levels exist', () => {
    expect(nearestLevel('info', { info: 30, error: 50 })).toBe('info')
    expect(nearestLevel('error', { calm: 10, urgent: 55 })).toBe('urgent')
    expect(nearestLevel('silent', { calm: 10 })).toBe('silent')
  })
})

describe('severity', () => {
  it.each([
    ['trace', 10, 1],
    ['debug', 20, 5],
    ['info', 30, 9],
    ['warn', 40, 13],
    ['error', 50, 17],
    ['fatal', 60, 21],
    ['notice', 35, 9],
    ['audit', 55, 17],
    ['disaster', 70, 21],
    ['whisper', 5, 1],
    // As syslog counts: the name is right.
    ['error', 3, 17],
  ])('of %s (%i) is %i', (level, value, severity) => {
    expect(severityNumber(level, value)).toBe(severity)
  })
})
