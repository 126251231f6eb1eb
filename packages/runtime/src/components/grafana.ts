import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ComponentDefinition } from '../component.ts'
import { HOST } from '../endpoints.ts'
import { inRepository, type StackContext } from './context.ts'

/** Dashboards, where Grafana is installed. Anyone on this machine is its administrator: it listens on loopback. */
export function grafana({ layout, ports }: StackContext): ComponentDefinition {
  const data = join(layout.data, 'grafana')
  return {
    name: 'grafana',
    kind: 'service',
    binary: 'grafana',
    dependsOn: [],
    ports: [{ port: ports.grafana, purpose: 'HTTP' }],
    command: ({ path }) => ({
      file: path,
      // packages install bin/grafana beside public/ and conf/
      args: ['server', `--homepath=${dirname(dirname(realpathSync(path)))}`],
      env: {
        GF_SERVER_HTTP_ADDR: HOST,
        GF_SERVER_HTTP_PORT: String(ports.grafana),
        GF_PATHS_DATA: data,
        GF_PATHS_LOGS: join(data, 'log'),
        GF_PATHS_PLUGINS: join(data, 'plugins'),
        GF_PATHS_PROVISIONING: inRepository('grafana/provisioning'),
        GF_AUTH_ANONYMOUS_ENABLED: 'true',
        GF_AUTH_ANONYMOUS_ORG_ROLE: 'Admin',
        GF_AUTH_DISABLE_LOGIN_FORM: 'true',
        GF_ANALYTICS_REPORTING_ENABLED: 'false',
        GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
        GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
        GF_PLUGINS_PREINSTALL_AUTO_UPDATE: 'false',
        GRAFANA_DASHBOARDS_DIR: inRepository('grafana/dashboards'),
        PROMETHEUS_URL: `http://${HOST}:${ports.prometheus}`,
        LOKI_URL: `http://${HOST}:${ports.loki}`,
        TEMPO_URL: `http://${HOST}:${ports.tempo}`,
        PYROSCOPE_URL: `http://${HOST}:${ports.pyroscope}`,
      },
    }),
    ready: { type: 'http', url: `http://${HOST}:${ports.grafana}/api/health` },
    readyTimeoutMs: 60_000,
    stop: { signal: 'SIGTERM', timeoutMs: 15_000 },
  }
}
