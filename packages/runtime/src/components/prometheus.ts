import { join } from 'node:path'
import type { ComponentDefinition } from '../component.ts'
import { HOST } from '../endpoints.ts'
import { inRepository, type StackContext } from './context.ts'
import { renderPrometheusConfig } from './prometheus-config.ts'

/** Metrics, rules and alerts. Retention and rule files are in its configuration, which SIGHUP reloads. */
export function prometheus({ layout, ports, sloProfile }: StackContext): ComponentDefinition {
  const address = `${HOST}:${ports.prometheus}`
  const config = join(layout.config, 'prometheus.yaml')
  return {
    name: 'prometheus',
    kind: 'service',
    binary: 'prometheus',
    dependsOn: [],
    ports: [{ port: ports.prometheus, purpose: 'API' }],
    prepare: () =>
      renderPrometheusConfig(inRepository(`backends/prometheus/prometheus.${sloProfile}.yaml`), config, {
        'pager:9093': `${HOST}:${ports.pager}`,
      }),
    command: ({ path }) => ({
      file: path,
      args: [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(layout.data, 'prometheus')}`,
        `--web.listen-address=${address}`,
        `--web.external-url=http://${address}`,
        '--web.enable-otlp-receiver',
        '--enable-feature=exemplar-storage',
      ],
      env: {},
    }),
    ready: { type: 'http', url: `http://${address}/-/ready` },
    // replaying a long write-ahead log takes its time
    readyTimeoutMs: 60_000,
    stop: { signal: 'SIGTERM', timeoutMs: 30_000 },
  }
}
