import { join } from 'node:path'
import type { ComponentDefinition } from '../component.ts'
import { HOST } from '../endpoints.ts'
import { PROXIES, PROXY_NAMES, proxyVariables } from '../proxies.ts'
import { renderFile } from '../render.ts'
import { inRepository, type StackContext } from './context.ts'

/** Every hop behind the gateway goes through here, so that any of them can be made slow or cut. */
export function toxiproxy({ layout, ports }: StackContext): ComponentDefinition {
  const config = join(layout.config, 'toxiproxy.json')
  return {
    name: 'toxiproxy',
    kind: 'service',
    binary: 'toxiproxy',
    dependsOn: [],
    ports: [
      { port: ports.toxiproxy, purpose: 'API' },
      ...PROXY_NAMES.map((name) => ({ port: ports[PROXIES[name].listen], purpose: `proxy ${name}` })),
    ],
    prepare: () => renderFile(inRepository('backends/toxiproxy/proxies.json'), config, proxyVariables(ports)),
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
