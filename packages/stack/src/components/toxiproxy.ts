import { join } from 'node:path'
import type { ComponentDefinition } from '../component.ts'
import { HOST } from '../endpoints.ts'
import { renderFile } from '../render.ts'
import { inRepository, type StackContext } from './context.ts'

/** Every hop behind the gateway goes through here, so that any of them can be made slow or cut. */
export function toxiproxy({ layout, ports }: StackContext): ComponentDefinition {
  const config = join(layout.config, 'toxiproxy.json')
  const address = (port: number): string => `${HOST}:${port}`
  return {
    name: 'toxiproxy',
    kind: 'service',
    binary: 'toxiproxy',
    dependsOn: [],
    ports: [
      { port: ports.toxiproxy, purpose: 'API' },
      { port: ports.proxyCatalog1, purpose: 'proxy catalog-1' },
      { port: ports.proxyCatalog2, purpose: 'proxy catalog-2' },
      { port: ports.proxyPostgres, purpose: 'proxy postgres' },
    ],
    prepare: () =>
      renderFile(inRepository('backends/toxiproxy/proxies.json'), config, {
        TOXIPROXY_CATALOG_1_LISTEN: address(ports.proxyCatalog1),
        TOXIPROXY_CATALOG_1_UPSTREAM: address(ports.catalog1),
        TOXIPROXY_CATALOG_2_LISTEN: address(ports.proxyCatalog2),
        TOXIPROXY_CATALOG_2_UPSTREAM: address(ports.catalog2),
        TOXIPROXY_POSTGRES_LISTEN: address(ports.proxyPostgres),
        TOXIPROXY_POSTGRES_UPSTREAM: address(ports.postgres),
      }),
    command: ({ path }) => ({
      file: path,
      args: ['-host', HOST, '-port', String(ports.toxiproxy), '-config', config],
      env: {},
    }),
    // lists the proxies, so it is ready only when they are loaded
    ready: { type: 'http', url: `http://${HOST}:${ports.toxiproxy}/proxies/postgres` },
    readyTimeoutMs: 10_000,
    stop: { signal: 'SIGTERM', timeoutMs: 5000 },
  }
}
