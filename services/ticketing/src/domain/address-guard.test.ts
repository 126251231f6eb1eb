import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AddressRefusedError, createAddressGuard, isPublicAddress } from './address-guard.ts'

/** Networks that no webhook may reach: prefix and its length in bits. */
const FORBIDDEN_V4: readonly (readonly [prefix: readonly number[], bits: number])[] = [
  [[0, 0, 0, 0], 8],
  [[10, 0, 0, 0], 8],
  [[100, 64, 0, 0], 10],
  [[127, 0, 0, 0], 8],
  [[169, 254, 0, 0], 16],
  [[172, 16, 0, 0], 12],
  [[192, 168, 0, 0], 16],
  [[198, 18, 0, 0], 15],
  [[224, 0, 0, 0], 4],
  [[240, 0, 0, 0], 4],
]

const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255))

/** An IPv4 address inside of a forbidden network. */
const forbiddenV4 = fc.tuple(fc.constantFrom(...FORBIDDEN_V4), octets).map(([[prefix, bits], random]) =>
  random.map((octet, index) => {
    const kept = Math.min(8, Math.max(0, bits - 8 * index))
    const mask = (0xff << (8 - kept)) & 0xff
    return ((prefix[index] ?? 0) & mask) | (octet & ~mask & 0xff)
  }),
)

const group = ([high = 0, low = 0]: readonly number[]) => ((high << 8) | low).toString(16)
const asGroups = (v4: readonly number[]) => `${group(v4.slice(0, 2))}:${group(v4.slice(2))}`
const toNumber = (v4: readonly number[]) => v4.reduce((sum, octet) => sum * 256 + octet, 0)

/** Ways to spell an IPv4 address as the host of a URL, all of which lead to the same machine. */
const spellings: readonly ((v4: readonly number[]) => string)[] = [
  (v4) => v4.join('.'),
  (v4) => String(toNumber(v4)),
  (v4) => `0x${toNumber(v4).toString(16)}`,
  (v4) => v4.map((octet) => `0${octet.toString(8)}`).join('.'),
  (v4) => `${v4.join('.')}.`,
  (v4) => `[::ffff:${v4.join('.')}]`,
  (v4) => `[::ffff:${asGroups(v4)}]`,
  (v4) => `[::${v4.join('.')}]`,
  (v4) => `[64:ff9b::${asGroups(v4)}]`,
  (v4) => `[2002:${asGroups(v4)}::1]`,
]

const forbiddenV6 = fc.oneof(
  fc.constantFrom('::', '::1', 'fe80::1', 'fec0::1', 'ff02::1', '2001:db8::1', '2001::1', '4000::1'),
  fc
    .tuple(fc.integer({ min: 0xfc00, max: 0xfdff }), fc.nat(0xffff))
    .map(([first, last]) => `${first.toString(16)}::${last.toString(16)}`),
)

const guardWith = (addresses: readonly string[], isOn = true) =>
  createAddressGuard(
    () => isOn,
    async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  )

const lookUp = (guard: ReturnType<typeof guardWith>, all: boolean) =>
  new Promise((resolve, reject) => {
    guard.lookup('hook.example', { all }, (error, found) => (error ? reject(error) : resolve(found)))
  })

describe('address guard', () => {
  it('lets public addresses through, as they are and by name', async () => {
    for (const address of ['1.1.1.1', '8.8.8.8', '2606:4700:4700::1111']) {
      expect(isPublicAddress(address)).toBe(true)
      const host = address.includes(':') ? `[${address}]` : address
      await guardWith([]).check(new URL(`https://${host}/hook`))
      await guardWith([address]).check(new URL('https://hook.example/'))
      expect(await lookUp(guardWith([address]), false)).toBe(address)
    }
  })

  it('refuses every spelling of an address that is not public', async () => {
    await fc.assert(
      fc.asyncProperty(forbiddenV4, fc.constantFrom(...spellings), async (v4, spell) => {
        const url = new URL(`http://${spell(v4)}/`)
        await expect(guardWith([]).check(url)).rejects.toBeInstanceOf(AddressRefusedError)
      }),
      { numRuns: 500 },
    )
  })

  it('refuses IPv6 that is not public', async () => {
    await fc.assert(
      fc.asyncProperty(forbiddenV6, async (address) => {
        await expect(guardWith([]).check(new URL(`http://[${address}]/`))).rejects.toBeInstanceOf(
          AddressRefusedError,
        )
      }),
    )
  })

  it('refuses a name with any address that is not public, also at the connection itself', async () => {
    const forbidden = fc.oneof(
      forbiddenV4.map((v4) => v4.join('.')),
      forbiddenV4.map((v4) => `::ffff:${v4.join('.')}`),
      forbiddenV6,
    )
    await fc.assert(
      fc.asyncProperty(forbidden, fc.boolean(), fc.boolean(), async (address, first, all) => {
        const guard = guardWith(first ? [address, '1.1.1.1'] : ['1.1.1.1', address])
        await expect(guard.check(new URL('http://hook.example/'))).rejects.toBeInstanceOf(AddressRefusedError)
        await expect(lookUp(guard, all)).rejects.toBeInstanceOf(AddressRefusedError)
      }),
    )
  })

  it('takes nothing for public that is no address', () => {
    fc.assert(
      fc.property(fc.string(), (text) => isPublicAddress(text) === false || /^[\d.a-f:%]+$/i.test(text)),
    )
  })

  it('lets everything through when it is switched off', async () => {
    const guard = guardWith(['127.0.0.1'], false)
    await guard.check(new URL('http://127.0.0.1:1/'))
    await guard.check(new URL('http://hook.example/'))
    expect(await lookUp(guard, true)).toEqual([{ address: '127.0.0.1', family: 4 }])
  })
})
