import { join } from 'node:path'
import type { ComponentDefinition } from '../component.ts'
import { HOST } from '../endpoints.ts'
import type { StackContext } from './context.ts'
import { NODE, nodeCommand } from './node-service.ts'

/** In the place of Tempo, Pyroscope or both, where they are not installed. */
export function embeddedStore(context: StackContext): ComponentDefinition {
  const { layout, ports, installed } = context
  const halves = [...(installed.tempo ? [] : ['tempo']), ...(installed.pyroscope ? [] : ['pyroscope'])]
  const api = installed.tempo ? ports.pyroscope : ports.tempo
  return {
    name: 'embedded-store',
    kind: 'service',
    executable: NODE,
    dependsOn: [],
    ports: [
      ...(installed.tempo
        ? []
        : [
            { port: ports.tempo, purpose: 'Tempo API' },
            { port: ports.tempoOtlpHttp, purpose: 'OTLP HTTP' },
          ]),
      ...(installed.pyroscope ? [] : [{ port: ports.pyroscope, purpose: 'Pyroscope API' }]),
    ],
    command: nodeCommand(context, 'packages/embedded-store/src/main.ts', {
      // without it received batches pile up in the young generation: 100 MB more
      NODE_OPTIONS: '--max-semi-space-size=8',
      EMBEDDED_STORE_HOST: HOST,
      EMBEDDED_STORE_SERVE: halves.join(','),
      EMBEDDED_STORE_TEMPO_PORT: String(ports.tempo),
      EMBEDDED_STORE_OTLP_PORT: String(ports.tempoOtlpHttp),
      EMBEDDED_STORE_PYROSCOPE_PORT: String(ports.pyroscope),
      EMBEDDED_STORE_DATA_DIR: join(layout.data, 'embedded-store'),
    }),
    ready: { type: 'http', url: `http://${HOST}:${api}/ready` },
    // it replays its segments before it answers
    readyTimeoutMs: 60_000,
    stop: { signal: 'SIGTERM', timeoutMs: 10_000 },
  }
}
