/** The real Prometheus and Loki, each with a data folder and ports of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createLokiClient,
  createPrometheusClient,
  type LokiClient,
  type PrometheusClient,
} from '@faultline/backends-client'
import { resolveBinary } from '@faultline/toolchain'
import { freePorts } from './ports.ts'
import { startProgram } from './program.ts'

/** The folder `backends/`. */
const BACKENDS_FOLDER = join(import.meta.dirname, '../../../backends')

/** A backend whose process and data are gone when it is disposed of. */
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

/** @param configuration path of its configuration; that of the drill profile by default */
export function startPrometheus(
  configuration = join(BACKENDS_FOLDER, 'prometheus/prometheus.drill.yaml'),
): Promise<Backend<PrometheusClient>> {
  return start({
    binary: 'prometheus',
    client: createPrometheusClient,
    args: (data, port) => [
      `--config.file=${configuration}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-otlp-receiver',
      '--enable-feature=exemplar-storage',
    ],
  })
}

/** With the kit's own configuration. @param options of its command line, which go over the configuration */
export function startLoki(options: readonly string[] = []): Promise<Backend<LokiClient>> {
  return start({
    binary: 'loki',
    client: createLokiClient,
    args: () => [
      `-config.file=${join(BACKENDS_FOLDER, 'loki/loki.yaml')}`,
      '-config.expand-env=true',
      ...options,
    ],
    env: (data, port, grpcPort) => ({
      LOKI_DATA_DIR: data,
      LOKI_HTTP_PORT: String(port),
      LOKI_GRPC_PORT: String(grpcPort),
    }),
  })
}
