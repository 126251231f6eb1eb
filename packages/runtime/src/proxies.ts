import { HOST } from './endpoints.ts'
import type { PortName, PortTable } from './ports.ts'

/** Where a proxy of Toxiproxy listens and where it leads. */
export interface Proxy {
  readonly listen: PortName
  readonly upstream: PortName
}

/** Every proxy, by the name by which faults are put on it; `backends/toxiproxy/proxies.json` has the same ones. */
export const PROXIES = {
  'catalog-1': { listen: 'proxyCatalog1', upstream: 'catalog1' },
  'catalog-2': { listen: 'proxyCatalog2', upstream: 'catalog2' },
  booking: { listen: 'proxyBooking', upstream: 'booking' },
  payments: { listen: 'proxyPayments', upstream: 'payments' },
  'payment-provider': { listen: 'proxyPaymentProvider', upstream: 'paymentProvider' },
  ticketing: { listen: 'proxyTicketing', upstream: 'ticketing' },
  nats: { listen: 'proxyNats', upstream: 'nats' },
  valkey: { listen: 'proxyValkey', upstream: 'valkey' },
  postgres: { listen: 'proxyPostgres', upstream: 'postgres' },
} as const satisfies Record<string, Proxy>

export type ProxyName = keyof typeof PROXIES

export const PROXY_NAMES = Object.keys(PROXIES) as readonly ProxyName[]

/** Values of the placeholders in `backends/toxiproxy/proxies.json`. */
export function proxyVariables(ports: PortTable): Record<string, string> {
  const variables: Record<string, string> = {}
  for (const name of PROXY_NAMES) {
    const { listen, upstream } = PROXIES[name]
    const prefix = `TOXIPROXY_${name.toUpperCase().replaceAll('-', '_')}`
    variables[`${prefix}_LISTEN`] = `${HOST}:${ports[listen]}`
    variables[`${prefix}_UPSTREAM`] = `${HOST}:${ports[upstream]}`
  }
  return variables
}

/** Base URL of an HTTP service as its callers reach it. */
export function proxiedUrl(
  ports: PortTable,
  name: Exclude<ProxyName, 'nats' | 'postgres' | 'valkey'>,
): string {
  return `http://${HOST}:${ports[PROXIES[name].listen]}`
}
