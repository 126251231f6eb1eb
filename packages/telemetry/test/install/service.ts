import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { OtlpReceiver } from '@faultline/test-support/otlp-receiver'
import { freePort } from '@faultline/test-support/ports'
import { request } from 'undici'
import { until } from '../poll.ts'

/** A service of an installed project, with a receiver for what it sends. */
export class InstalledService implements AsyncDisposable {
  readonly receiver: OtlpReceiver
  readonly url: string
  readonly #adminUrl: string
  readonly #process: ChildProcess
  #output = ''

  /**
   * @param args of Node
   * @param env beyond ports and the receiver's address
   */
  static async start(
    folder: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<InstalledService> {
    const receiver = await OtlpReceiver.start()
    const ports = { service: await freePort(), admin: await freePort() }
    const service = new InstalledService(folder, args, env, receiver, ports)
    await service.#untilReady()
    return service
  }

  private constructor(
    folder: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    receiver: OtlpReceiver,
    ports: { readonly service: number; readonly admin: number },
  ) {
    this.receiver = receiver
    this.url = `http://127.0.0.1:${ports.service}`
    this.#adminUrl = `http://127.0.0.1:${ports.admin}/metrics`
    this.#process = spawn(process.execPath, args, {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        PORT: String(ports.service),
        ADMIN_PORT: String(ports.admin),
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
        FAULTLINE_TRACES_KEEP_RATIO: '1',
        ...env,
      },
    })
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (chunk) => {
        this.#output += String(chunk)
      })
    }
  }

  /** What it has written, to standard output and error. */
  get output(): string {
    return this.#output
  }

  /** Gets a path. @returns the body of the answer, which has to be 200 */
  async get(path: string): Promise<string> {
    const { statusCode, body } = await request(`${this.url}${path}`)
    const text = await body.text()
    if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}: ${text}`)
    return text
  }

  /** Lines of the scrape answer that begin with `name`. */
  async scrape(name: string): Promise<string[]> {
    const { body } = await request(this.#adminUrl)
    return (await body.text()).split('\n').filter((line) => line.startsWith(name))
  }

  /** Asks it to end. @returns its exit code */
  async stop(): Promise<number | null> {
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGTERM')
    const [code] = (await ended) as [number | null]
    return code
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.receiver[Symbol.asyncDispose]()
  }

  async #untilReady(): Promise<void> {
    await until(
      'the service to answer',
      async () => {
        if (this.#process.exitCode !== null) throw new Error(`the service ended: ${this.#output}`)
        // Both ports, and no request that would be counted.
        const answers = await Promise.all([this.scrape('').catch(() => []), this.#listens()])
        return answers[0].length > 0 && answers[1]
      },
      60_000,
    )
  }

  async #listens(): Promise<boolean> {
    const socket = connect(Number(new URL(this.url).port), '127.0.0.1')
    const listens = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    return listens
  }
}
