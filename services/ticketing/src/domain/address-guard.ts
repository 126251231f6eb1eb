import type { LookupAddress } from 'node:dns'
import { lookup as lookupHost } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'

/** A webhook's address is not one of the public internet. */
export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError'
  /** Told by the code as well, since undici wraps what its connector throws. */
  readonly code = 'ERR_ADDRESS_REFUSED'

  constructor(host: string, address: string) {
    super(`${host} is at ${address}, which is not a public address`)
  }
}

/** All addresses of a host name. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>

export const resolveBySystem: Resolve = (hostname) => lookupHost(hostname, { all: true })

/** Global unicast, by RFC 4291: whatever IPv6 may yet be given out for lies in it. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3')

/**
 * Whether an address is of the public internet: neither this machine, nor a private or link-local network (where
 * clouds answer with credentials), nor a way around these such as IPv4 inside of IPv6.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  if (parsed.range() !== 'unicast') return false
  return parsed.kind() === 'ipv4' || parsed.match(GLOBAL_UNICAST)
}

/** Sees to it that requests of others go to public addresses only. */
export interface AddressGuard {
  /**
   * Refuses a URL whose host is not public now; a host name may be elsewhere later, hence {@link lookup}.
   *
   * @throws AddressRefusedError
   * @throws Error of the resolver when the name cannot be found
   */
  check(url: URL): Promise<void>
  /** For the connection itself: it goes to the very addresses that were checked, not to those of a second question. */
  readonly lookup: LookupFunction
}

/** @param isOn asked each time */
export function createAddressGuard(isOn: () => boolean, resolve: Resolve = resolveBySystem): AddressGuard {
  async function publicAddresses(hostname: string): Promise<readonly LookupAddress[]> {
    const addresses = await resolve(hostname)
    // One private address among public ones is refused as well: which of them is used is the client's choice.
    const refused = isOn() ? addresses.find(({ address }) => !isPublicAddress(address)) : undefined
    if (refused) throw new AddressRefusedError(hostname, refused.address)
    return addresses
  }

  return {
    async check({ hostname }) {
      if (!isOn()) return
      // The connection asks the resolver for names only. URL has brought every spelling of an address to one.
      const literal = hostname.replace(/^\[|\]$/g, '')
      if (!ipaddr.isValid(literal)) await publicAddresses(hostname)
      else if (!isPublicAddress(literal)) throw new AddressRefusedError(hostname, literal)
    },

    lookup(hostname, options, callback) {
      publicAddresses(hostname).then(
        (addresses) => {
          const [first] = addresses
          if (options.all) callback(null, [...addresses])
          else callback(null, first?.address ?? '', first?.family)
        },
        (error: NodeJS.ErrnoException) => callback(error, ''),
      )
    },
  }
}
