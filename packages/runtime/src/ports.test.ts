import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  BASE_PORTS,
  MAX_PORT_OFFSET,
  maxOffset,
  OFFSET_BESIDE,
  parsePortOffset,
  portOffset,
  portsAt,
} from './ports.ts'

test('no two parts of the kit share a port, at any offset', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: MAX_PORT_OFFSET }), (offset) => {
      const ports = Object.values(portsAt(offset))
      expect(new Set(ports).size).toBe(Object.keys(BASE_PORTS).length)
      expect(Math.max(...ports)).toBeLessThanOrEqual(65_535)
    }),
  )
})

test('the kit runs beside one at another offset', () => {
  const ports = new Set<number>(Object.values(portsAt(0)))
  expect(Object.values(portsAt(OFFSET_BESIDE)).filter((port) => ports.has(port))).toEqual([])
})

test('every port moves by the offset', () => {
  expect(portsAt(0)).toEqual(BASE_PORTS)
  expect(portsAt(30).gateway).toBe(8111)
})

test('an offset that was not given is 0', () => {
  expect([undefined, '', ' '].map(parsePortOffset)).toEqual([0, 0, 0])
  expect(parsePortOffset('30')).toBe(30)
})

test.each(['-1', '1.5', 'x', '1e2', '0x10', String(MAX_PORT_OFFSET + 1)])(
  'offset %s is refused as wrong use',
  (text) => {
    expect(() => parsePortOffset(text)).toThrow(expect.objectContaining({ exitCode: 2 }))
  },
)

test('of other ports the highest is what an offset may move up to the last one', () => {
  expect(maxOffset([80, 65_000, 443])).toBe(535)
  expect(portOffset('535', 535)).toBe(535)
  expect(() => portOffset('536', 535)).toThrow(
    'must be a whole number from 0 to 535, above which a port would',
  )
  expect(() => portOffset('', 535)).toThrow('got ""')
})
