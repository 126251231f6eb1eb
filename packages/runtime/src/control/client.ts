import { createInterface } from 'node:readline'
import { type Dispatcher, Pool } from 'undici'
import { type Endpoints, endpointsOf, LOAD_PORTS, requireAddresses } from '../endpoints.ts'
import { ExitCode, environmentLacks, messageOf, StackError } from '../errors.ts'
import { runLoad } from '../load.ts'
import { goneWithin, isAlive } from '../process.ts'
import type { ComponentStatus, LoadOptions, LoadResult, RestartOverrides, Runtime } from '../runtime.ts'
import { type StateLayout, stateLayout } from '../state/layout.ts'
import { readState, type StackState, stackStateSchema } from '../state/state-file.ts'
import { problem } from './protocol.ts'

/** How long after its last answer a supervisor may still exist, in ms. */
const LAST_MOMENTS_MS = 10_000
/** Within this time, in ms, a supervisor answers what it need not wait for; one that does not was stopped or hangs. */
const ANSWER_TIMEOUT_MS = 15_000

const lack = (missing: string): string =>
  `the kit has nothing that answers as ${missing}: that part is not among those that run here, which "npx faultline status" shows`

/** A running supervisor, over its control API. */
export class SupervisorClient implements Runtime {
  readonly kind = 'processes'
  readonly #layout: StateLayout
  readonly #state: StackState
  readonly #http: Pool

  /** @param state what state.json said when connecting */
  constructor(layout: StateLayout, state: StackState) {
    this.#layout = layout
    this.#state = state
    this.#http = new Pool('http://supervisor', {
      connect: { socketPath: state.socket },
      headersTimeout: ANSWER_TIMEOUT_MS,
      bodyTimeout: 0,
    })
  }

  endpoints<Name extends keyof Endpoints = keyof Endpoints>(...only: readonly Name[]): Pick<Endpoints, Name> {
    return endpointsOf(this.#state.addresses, only, lack)
  }

  /** All that the supervisor knows, as in state.json. */
  async state(): Promise<StackState> {
    const { body } = await this.#request('GET', '/state')
    return stackStateSchema.parse(await body.json())
  }

  /** The state now and after each change, until the supervisor is gone or the signal is aborted. */
  async *changes(signal?: AbortSignal): AsyncGenerator<StackState, void> {
    try {
      const { body } = await this.#request('GET', '/changes', undefined, { signal })
      yield* states(body)
    } catch (error) {
      if (signal?.aborted) return
      // a supervisor that was killed, or has just stopped, cuts its answer short
      if (!(await goneWithin(this.#state.supervisor, LAST_MOMENTS_MS))) throw error
    }
  }

  async status(): Promise<readonly ComponentStatus[]> {
    const { components } = await this.state()
    return components.map(({ name, state, process, since, restarts, detail, version, binary }) => {
      return { name, state, pid: process?.pid, since, restarts, detail, version, binary }
    })
  }

  async start(component: string): Promise<void> {
    await this.#post(component, 'start')
  }

  async stop(component: string): Promise<void> {
    await this.#post(component, 'stop')
  }

  async restart(component: string, overrides: RestartOverrides = {}): Promise<void> {
    await this.#post(component, 'restart', overrides)
  }

  async signal(component: string, signal: NodeJS.Signals): Promise<void> {
    await this.#post(component, 'signal', { signal })
  }

  /** Asks the supervisor to stop everything; it answers at once and is gone when all is stopped. */
  async stopAll(): Promise<void> {
    try {
      const { body } = await this.#request('POST', '/stop')
      await body.dump()
    } catch (error) {
      // it may have been asked before and have ended in this very moment
      if (!(await goneWithin(this.#state.supervisor, LAST_MOMENTS_MS))) throw error
    }
  }

  async runLoad(scenario: string, options: LoadOptions = {}): Promise<LoadResult> {
    const { addresses } = this.#state
    requireAddresses(addresses, LOAD_PORTS, lack)
    return runLoad({ layout: this.#layout, addresses }, scenario, options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http.destroy()
  }

  async #post(component: string, action: string, content: unknown = {}): Promise<void> {
    // whether it answers at all: the answer to a restart comes when the component is ready, be it after minutes of build
    await this.state()
    const { body } = await this.#request(
      'POST',
      `/components/${encodeURIComponent(component)}/${action}`,
      content,
      { headersTimeout: 0 },
    )
    await body.dump()
  }

  async #request(
    method: Dispatcher.HttpMethod,
    path: string,
    content?: unknown,
    { signal, ...options }: { signal?: AbortSignal | undefined; headersTimeout?: number } = {},
  ): Promise<Dispatcher.ResponseData> {
    const json =
      content === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(content) }
    const response = await this.#http
      .request({ method, path, signal: signal ?? null, ...options, ...json })
      .catch((cause: unknown) => {
        if (signal?.aborted) throw cause
        const { pid } = this.#state.supervisor
        const why = `the supervisor (pid ${pid}) does not answer on ${this.#state.socket}: ${messageOf(cause)}. If it was stopped, "kill -CONT ${pid}" wakes it; "npx faultline down" ends it in any case`
        throw new StackError(why, ExitCode.checkFailed, { cause })
      })
    if (response.statusCode < 400) return response
    const { detail, exitCode } = problem.parse(await response.body.json())
    throw new StackError(detail, exitCode)
  }
}

async function* states(body: Dispatcher.ResponseData['body']): AsyncGenerator<StackState, void> {
  const lines = createInterface({ input: body })
  // destroying the body below is an error to its reader, which by then nobody waits for
  lines.on('error', () => undefined)
  try {
    for await (const line of lines) yield stackStateSchema.parse(JSON.parse(line))
  } finally {
    body.destroy()
  }
}

/**
 * Connects to the supervisor that runs in a state folder.
 * @throws StackError when none runs there
 */
export async function connectRuntime(stateDir: string): Promise<SupervisorClient> {
  const layout = stateLayout(stateDir)
  const state = await readState(layout.stateFile)
  if (state === undefined || !isAlive(state.supervisor)) {
    const leftovers =
      state?.components.some(({ process }) => process !== undefined && isAlive(process)) ?? false
    throw environmentLacks(
      leftovers
        ? `the supervisor in ${layout.root} was killed and components of it still run: "npx faultline down" cleans up`
        : `the kit is not running (state folder ${layout.root}): start it with "npm start -- --detach"`,
    )
  }
  return new SupervisorClient(layout, state)
}
