import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { resolveBinary } from '@faultline/stack/binaries'
import { execa } from 'execa'
import { expect, vi } from 'vitest'
import { freePorts } from './ports.ts'

/** The folder `collector/`. */
export const COLLECTOR_FOLDER = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const CONFIGURATION = join(COLLECTOR_FOLDER, 'collector.yaml')
export const FEATURE_GATES = '--feature-gates=service.profilesSupport'

/** The one thing that tests change: the sinks read JSON. */
const JSON_EXPORTERS = ['prometheus', 'loki', 'tempo', 'pyroscope']
  .map((name) => `  otlp_http/${name}: { encoding: json }\n`)
  .join('')

export interface CollectorOptions {
  /** Where all four exporters send, when `environment` does not say otherwise. */
  readonly sink?: string
  /** `host:port` of the one endpoint that stands for all scraped services. */
  readonly scrape?: string
  /** Further variables of collector.yaml. */
  readonly environment?: Readonly<Record<string, string>>
  /** Send protobuf as in real life, not JSON. */
  readonly protobuf?: boolean
}

/** The part of a child process that is needed after its start. */
interface Process extends PromiseLike<unknown> {
  kill(signal: NodeJS.Signals): boolean
}

/** The real collector with the real configuration, on ports and in a queue folder of its own. */
export class Collector implements AsyncDisposable {
  readonly otlp: string
  readonly metrics: string
  readonly #binary: string
  readonly #folder: string
  readonly #environment: Readonly<Record<string, string>>
  readonly #arguments: readonly string[]
  #process: Process | undefined
  #log = ''

  private constructor(
    binary: string,
    folder: string,
    environment: Readonly<Record<string, string>>,
    args: readonly string[],
  ) {
    this.#binary = binary
    this.#folder = folder
    this.#environment = environment
    this.#arguments = args
    this.otlp = `http://${environment.OTLP_HTTP_ENDPOINT}`
    this.metrics = `http://127.0.0.1:${environment.COLLECTOR_METRICS_PORT}/metrics`
  }

  static async start(options: CollectorOptions): Promise<Collector> {
    const { path } = await resolveBinary('collector')
    const folder = await mkdtemp(join(tmpdir(), 'faultline-collector-'))
    const ports = await freePorts('grpc', 'http', 'health', 'metrics', 'closed')
    const sink = options.sink ?? `http://127.0.0.1:${ports.closed}`
    const scrape = options.scrape ?? `127.0.0.1:${ports.closed}`
    const args = ['--config', CONFIGURATION, FEATURE_GATES]
    if (options.protobuf !== true) {
      const overlay = join(folder, 'json.yaml')
      await writeFile(overlay, `exporters:\n${JSON_EXPORTERS}`)
      args.push('--config', overlay)
    }
    const collector = new Collector(
      path,
      folder,
      {
        OTLP_GRPC_ENDPOINT: `127.0.0.1:${ports.grpc}`,
        OTLP_HTTP_ENDPOINT: `127.0.0.1:${ports.http}`,
        HEALTH_ENDPOINT: `127.0.0.1:${ports.health}`,
        COLLECTOR_METRICS_PORT: String(ports.metrics),
        QUEUE_DIR: join(folder, 'queue'),
        PROMETHEUS_OTLP_ENDPOINT: `${sink}/api/v1/otlp`,
        LOKI_OTLP_ENDPOINT: `${sink}/otlp`,
        TEMPO_OTLP_ENDPOINT: sink,
        PYROSCOPE_OTLP_ENDPOINT: sink,
        SCRAPE_GATEWAY: scrape,
        SCRAPE_CATALOG_1: scrape,
        SCRAPE_CATALOG_2: scrape,
        SCRAPE_INTERVAL: '1s',
        ...options.environment,
      },
      args,
    )
    await collector.run()
    return collector
  }

  /** What the process has written so far, over all its runs. */
  get log(): string {
    return this.#log
  }

  /** Starts the process, again after {@link kill}, and waits until it is ready. */
  async run(): Promise<void> {
    const child = execa(this.#binary, this.#arguments, {
      cwd: this.#folder,
      env: this.#environment,
      reject: false,
      all: true,
      buffer: false,
    })
    child.all.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text
    })
    this.#process = child
    const health = `http://${this.#environment.HEALTH_ENDPOINT}`
    await Promise.race([
      child.then(({ exitCode }) => {
        throw new Error(`the collector ended with ${exitCode}:\n${this.#log}`)
      }),
      vi.waitFor(async () => expect((await fetch(health)).status).toBe(200), {
        timeout: 30_000,
        interval: 100,
      }),
    ])
  }

  /** Ends the process with `signal` and waits until it is gone. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#process?.kill(signal)
    await this.#process
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill('SIGKILL')
    await rm(this.#folder, { recursive: true, force: true })
  }
}
