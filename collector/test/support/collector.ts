import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts } from '@faultline/test-support/ports'
import { type Program, startProgram } from '@faultline/test-support/program'
import { resolveBinary } from '@faultline/toolchain'
import { expect } from 'vitest'

/** The folder `collector/`. */
export const COLLECTOR_FOLDER = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const CONFIGURATION = join(COLLECTOR_FOLDER, 'collector.yaml')
/** The variables that say where each service is scraped. */
const SCRAPED = [...readFileSync(CONFIGURATION, 'utf8').matchAll(/targets: \["\$\{env:(SCRAPE_\w+)/g)].map(
  ([, variable = '']) => variable,
)
export const FEATURE_GATES = '--feature-gates=service.profilesSupport'

/** The one thing that tests change: the sink reads JSON. */
const JSON_EXPORTERS = ['prometheus', 'loki', 'tempo', 'pyroscope']
  .map((name) => `  otlp_http/${name}: { encoding: json }\n`)
  .join('')

export interface CollectorOptions {
  /** One server in the place of all four backends, which reads JSON. */
  readonly sink?: string
  /** `host:port` of the one endpoint that stands for all scraped services. */
  readonly scrape?: string
  /** Further variables of collector.yaml. */
  readonly environment?: Readonly<Record<string, string>>
}

/** The real collector with the real configuration, on ports and in a queue folder of its own. */
export class Collector implements AsyncDisposable {
  readonly otlp: string
  readonly metrics: string
  readonly #binary: string
  readonly #folder: string
  readonly #environment: Readonly<Record<string, string>>
  readonly #arguments: readonly string[]
  #program: Program | undefined
  #earlierLog = ''

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
    // Nothing listens on `closed`: the place of what a test does not need.
    const ports = await freePorts('grpc', 'http', 'health', 'metrics', 'closed')
    const closed = `127.0.0.1:${ports.closed}`
    const { sink = `http://${closed}`, scrape = closed } = options
    const args = ['--config', CONFIGURATION, FEATURE_GATES]
    if (options.sink !== undefined) {
      const overlay = join(folder, 'json.yaml')
      await writeFile(overlay, `exporters:\n${JSON_EXPORTERS}`)
      args.push('--config', overlay)
    }
    const environment = {
      OTLP_GRPC_ENDPOINT: `127.0.0.1:${ports.grpc}`,
      OTLP_HTTP_ENDPOINT: `127.0.0.1:${ports.http}`,
      HEALTH_ENDPOINT: `127.0.0.1:${ports.health}`,
      COLLECTOR_METRICS_PORT: String(ports.metrics),
      QUEUE_DIR: join(folder, 'queue'),
      PROMETHEUS_OTLP_ENDPOINT: `${sink}/api/v1/otlp`,
      LOKI_OTLP_ENDPOINT: `${sink}/otlp`,
      TEMPO_OTLP_ENDPOINT: sink,
      PYROSCOPE_OTLP_ENDPOINT: sink,
      ...Object.fromEntries(SCRAPED.map((variable) => [variable, scrape])),
      SCRAPE_INTERVAL: '1s',
      ...options.environment,
    }
    const collector = new Collector(path, folder, environment, args)
    await collector.run()
    return collector
  }

  /** What the process has written so far, over all its runs. */
  get log(): string {
    return this.#earlierLog + (this.#program?.log ?? '')
  }

  /** Starts the process, again after {@link kill}, and waits until it is ready. */
  async run(): Promise<void> {
    this.#earlierLog = this.log
    this.#program = await startProgram(this.#binary, this.#arguments, {
      cwd: this.#folder,
      env: this.#environment,
      ready: async () =>
        expect((await fetch(`http://${this.#environment.HEALTH_ENDPOINT}`)).status).toBe(200),
    })
  }

  /** Ends the process with `signal` and waits until it is gone. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.#program?.end(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill('SIGKILL')
    await rm(this.#folder, { recursive: true, force: true })
  }
}
