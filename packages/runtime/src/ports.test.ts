import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SERVICES } from './generated/topology.ts'
import { MAX_PORT_OFFSET, maxOffset, parsePortOffset, portOffset, suggestOffset } from './ports.ts'

const KIT = Object.values(SERVICES).flatMap((ports) => Object.values(ports))

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

test('the largest offset brings the highest port to the last one', () => {
  expect(Math.max(...KIT) + MAX_PORT_OFFSET).toBe(65_535)
  expect(maxOffset([80, 65_000, 443])).toBe(535)
  expect(portOffset('535', 535)).toBe(535)
  expect(() => portOffset('536', 535)).toThrow(
    'must be a whole number from 0 to 535, above which a port would',
  )
  expect(() => portOffset('', 535)).toThrow('got ""')
})

describe('a suggested offset', () => {
  const free = async () => true
  const port = fc.integer({ min: 1, max: 40_000 })
  const kit = fc.uniqueArray(port, { minLength: 1, maxLength: 60 })
  const current = fc.oneof(
    fc.constant(0),
    fc.integer({ min: 0, max: 20_000 }),
    fc.constantFrom(1000, 2000, 10_000),
  )

  test('is the smallest multiple of 1000 that moves every port to a free one that the kit does not have', async () => {
    await fc.assert(
      fc.asyncProperty(
        kit,
        current,
        fc.uniqueArray(port, { maxLength: 60 }),
        fc.integer({ min: 1, max: 65_536 }),
        async (ports, at, taken, below) => {
          const suits = (offset: number): boolean =>
            ports.every((one) => {
              const moved = one + offset
              return (
                moved < below && ![...taken, ...ports, ...ports.map((other) => other + at)].includes(moved)
              )
            })
          const isFree = async (one: number) => !taken.includes(one)
          const suggested = await suggestOffset(ports, isFree, { current: at, below })
          const thousands = Array.from({ length: 65 }, (_, index) => (index + 1) * 1000)
          expect(suggested).toBe(thousands.find(suits))
        },
      ),
    )
  })

  test('of the kit is not one at which a service would have the port of a proxy', async () => {
    expect(await suggestOffset(KIT, free, { below: 32_768 })).toBe(2000)
    // with the lowest port of each smaller offset in use
    const isFree = async (one: number) => one >= Math.min(...KIT) + 10_000
    expect(await suggestOffset(KIT, isFree, { below: 32_768 })).toBe(11_000)
  })

  test('is none where no port is left below those of outgoing connections', async () => {
    expect(await suggestOffset([31_768], free, { below: 32_768 })).toBeUndefined()
    expect(await suggestOffset([31_767], free, { below: 32_768 })).toBe(1000)
  })
})
