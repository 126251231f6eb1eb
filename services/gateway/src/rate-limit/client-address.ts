import type { IncomingMessage } from 'node:http'
import ipaddr from 'ipaddr.js'
import proxyAddr from 'proxy-addr'

/** Parts of an IPv6 address that a network's holder cannot choose: its first 64 bits. */
const IPV6_PREFIX_PARTS = 4

/**
 * Who sends a request, as a key to count by: the peer of the socket, or behind trusted proxies what the nearest of
 * them that is not trusted said in `X-Forwarded-For`. Anybody may write that header, so it counts for nothing else.
 * IPv6 addresses count by their network, as each holder has 2^64 of them.
 *
 * @param trustedProxies addresses and networks (CIDR)
 */
export function clientAddressReader(trustedProxies: readonly string[]): (request: IncomingMessage) => string {
  const trust = proxyAddr.compile([...trustedProxies])
  return (request) => keyOf(proxyAddr(request, trust))
}

/** What `X-Forwarded-For` holds need not be an address. */
function keyOf(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return 'unknown'
  const parsed = ipaddr.process(address)
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString()
  return `${parsed.parts
    .slice(0, IPV6_PREFIX_PARTS)
    .map((part) => part.toString(16))
    .join(':')}::/64`
}
