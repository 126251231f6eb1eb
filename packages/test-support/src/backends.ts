import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  createLokiClient,
  createPrometheusClient,
  type LokiClient,
  type PrometheusClient,
} from '@faultline/backends-client'
import { freePorts } from '@faultline/test-support/ports'
import { resolveBinary } from '@faultline/toolchain'
import { COLLECTOR_FOLDER } from './collector.ts'
import { startProgram } from './program.ts'

/** The folder `backends/`. */
export const BACKENDS_FOLDER = join(dirname(COLLECTOR_FOLDER), 'backends')

export interface Backend<Client> extends AsyncDisposable {
  readonly url: string
  readonly client: Client
}

interface Start<Client> {
  readonly binary: 'prometheus' | 'loki'
  readonly client: (options: { readonly baseUrl: string }) => Client
  readonly args: (data: string, port: number) => readonly string[]
  readonly env?: (data: string, port: number, grpcPort: number) => Readonly<Record<string, string>>
}

async function start<Client extends { ready(): Promise<void> }>(
  how: Start<Client>,
): Promise<Backend<Client>> {
  const { path } = await resolveBinary(how.binary)
  const folder = await mkdtemp(join(tmpdir(), `faultline-${how.binary}-`))
  const { http, grpc } = await freePorts('http', 'grpc')
  const url = `http://127.0.0.1:${http}`
  const client = how.client({ baseUrl: url })
  const program = await startProgram(path, how.args(folder, http), {
    cwd: folder,
    env: how.env?.(folder, http, grpc) ?? {},
    ready: () => client.ready(),
  })
  return {
    url,
    client,
    async [Symbol.asyncDispose]() {
      await program.end('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The real Prometheus with the configuration of the drill profile. */
export function startPrometheus(): Promise<Backend<PrometheusClient>> {
  return start({
    binary: 'prometheus',
    client: createPrometheusClient,
    args: (data, port) => [
      `--config.file=${join(BACKENDS_FOLDER, 'prometheus/prometheus.drill.yaml')}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-otlp-receiver',
      '--enable-feature=exemplar-storage',
    ],
  })
}

/** The real Loki with its configuration. */
export function startLoki(): Promise<Backend<LokiClient>> {
  return start({
    binary: 'loki',
    client: createLokiClient,
    args: () => [`-config.file=${join(BACKENDS_FOLDER, 'loki/loki.yaml')}`, '-config.expand-env=true'],
    env: (data, port, grpcPort) => ({
      LOKI_DATA_DIR: data,
      LOKI_HTTP_PORT: String(port),
      LOKI_GRPC_PORT: String(grpcPort),
    }),
  })
}
