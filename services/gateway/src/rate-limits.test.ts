import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientAddressReader } from './rate-limits.ts'

/** A request, as the socket and the header describe it. */
function requestFrom(remoteAddress: string | undefined, forwardedFor?: string): IncomingMessage {
  const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor }
  return { headers, socket: { remoteAddress } } as IncomingMessage
}

describe('the address of a client', () => {
  it.each([
    ['the peer', [], '203.0.113.7', undefined, '203.0.113.7'],
    ['the peer, whatever it claims', [], '203.0.113.7', '198.51.100.1', '203.0.113.7'],
    ['the peer, which is no trusted proxy', ['10.0.0.0/8'], '203.0.113.7', '10.0.0.1', '203.0.113.7'],
    ['what a trusted proxy says', ['10.0.0.0/8'], '10.1.2.3', '203.0.113.7', '203.0.113.7'],
    [
      'what the nearest trusted proxy saw, not what the client claims',
      ['10.0.0.0/8'],
      '10.1.2.3',
      '198.51.100.1, 203.0.113.7',
      '203.0.113.7',
    ],
    [
      'what the farthest of several trusted proxies saw',
      ['10.0.0.0/8'],
      '10.1.2.3',
      '198.51.100.1, 203.0.113.7, 10.9.9.9',
      '203.0.113.7',
    ],
    ['the trusted proxy, when it says nothing', ['10.0.0.0/8'], '10.1.2.3', undefined, '10.1.2.3'],
    ['an IPv4 address, however the system writes it', [], '::ffff:203.0.113.7', undefined, '203.0.113.7'],
    ['the network of an IPv6 address', [], '2001:db8:1:2:3:4:5:6', undefined, '2001:db8:1:2::/64'],
    ['nobody in particular, when it is no address', ['10.0.0.0/8'], '10.1.2.3', 'unknown', 'unknown'],
    ['nobody in particular, when the peer has left', [], undefined, undefined, 'unknown'],
  ])('is %s', (_, trusted, peer, forwardedFor, expected) => {
    expect(clientAddressReader(trusted)(requestFrom(peer, forwardedFor))).toBe(expected)
  })

  it('is the same for every address of one IPv6 network, and another for another network', () => {
    const addressOf = clientAddressReader([])
    const one = addressOf(requestFrom('2001:db8::1'))
    expect(addressOf(requestFrom('2001:db8::ffff:1:2:3'))).toBe(one)
    expect(addressOf(requestFrom('2001:db8:0:1::1'))).not.toBe(one)
  })

  it('does not depend on anything that a client may write, with a trusted proxy between or none', () => {
    const direct = clientAddressReader([])
    const behindProxy = clientAddressReader(['10.0.0.0/8'])
    const claim = fc.oneof(
      fc.string(),
      fc.ipV4(),
      fc.ipV6(),
      fc.array(fc.ipV4()).map((all) => all.join()),
    )
    fc.assert(
      fc.property(claim, (written) => {
        expect(direct(requestFrom('203.0.113.7', written))).toBe('203.0.113.7')
        expect(behindProxy(requestFrom('10.1.2.3', `${written}, 203.0.113.7`))).toBe('203.0.113.7')
      }),
    )
  })
})
