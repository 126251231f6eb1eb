import { readFile } from 'node:fs/promises'
import { BASE_PORTS, type PortName } from '../ports.ts'
import { render } from '../render.ts'

/** Where each proxy listens, and the service of docker-compose.yml behind it with that one's port. */
const PROXIES: Readonly<Record<string, { listen: PortName; host: string; upstream: PortName }>> = {
  CATALOG_1: { listen: 'proxyCatalog1', host: 'catalog-1', upstream: 'catalog1' },
  CATALOG_2: { listen: 'proxyCatalog2', host: 'catalog-2', upstream: 'catalog2' },
  POSTGRES: { listen: 'proxyPostgres', host: 'postgres', upstream: 'postgres' },
}

/**
 * The list of proxies (backends/toxiproxy/proxies.json) with the addresses of containers.
 * @throws Error naming a proxy of the list that is not known here
 */
export async function composeProxies(list: string): Promise<string> {
  const values = Object.entries(PROXIES).flatMap(([name, { listen, host, upstream }]) => [
    [`TOXIPROXY_${name}_LISTEN`, `0.0.0.0:${BASE_PORTS[listen]}`],
    [`TOXIPROXY_${name}_UPSTREAM`, `${host}:${BASE_PORTS[upstream]}`],
  ])
  return render(await readFile(list, 'utf8'), Object.fromEntries(values))
}
