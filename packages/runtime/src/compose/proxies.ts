import { readFile } from 'node:fs/promises'
import { BASE_PORTS } from '../ports.ts'
import { PROXIES, PROXY_NAMES } from '../proxies.ts'
import { render } from '../render.ts'

/**
 * The list of proxies (backends/toxiproxy/proxies.json) with the addresses of containers. A proxy has the name of the
 * service of docker-compose.yml that it leads to.
 * @throws Error naming a proxy of the list that is not known here
 */
export async function composeProxies(list: string): Promise<string> {
  const values = PROXY_NAMES.flatMap((name) => {
    const prefix = `TOXIPROXY_${name.toUpperCase().replaceAll('-', '_')}`
    const { listen, upstream } = PROXIES[name]
    return [
      [`${prefix}_LISTEN`, `0.0.0.0:${BASE_PORTS[listen]}`],
      [`${prefix}_UPSTREAM`, `${name}:${BASE_PORTS[upstream]}`],
    ]
  })
  return render(await readFile(list, 'utf8'), Object.fromEntries(values))
}
