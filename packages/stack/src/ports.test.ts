import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BASE_PORTS, MAX_PORT_OFFSET, parsePortOffset, portsAt } from './ports.ts'

test('no two parts of the kit share a port, at any offset', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: MAX_PORT_OFFSET }), (offset) => {
      const ports = Object.values(portsAt(offset))
      expect(new Set(ports).size).toBe(Object.keys(BASE_PORTS).length)
      expect(Math.max(...ports)).toBeLessThanOrEqual(65_535)
    }),
  )
})

test('every port moves by the offset', () => {
  expect(portsAt(0)).toEqual(BASE_PORTS)
  expect(portsAt(30).gateway).toBe(8111)
})

test('an offset that was not given is 0', () => {
  expect([undefined, '', ' '].map(parsePortOffset)).toEqual([0, 0, 0])
  expect(parsePortOffset('30')).toBe(30)
})

test.each(['-1', '1.5', 'x', '1e9', String(MAX_PORT_OFFSET + 1)])(
  'offset %s is refused as wrong use',
  (text) => {
    expect(() => parsePortOffset(text)).toThrow(expect.objectContaining({ exitCode: 2 }))
  },
)
