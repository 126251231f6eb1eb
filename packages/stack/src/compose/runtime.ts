import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { endpointsAt } from '../endpoints.ts'
import { environmentLacks, StackError, wrongUse } from '../errors.ts'
import { runLoad } from '../load.ts'
import { portsAt } from '../ports.ts'
import type {
  ComponentStatus,
  Endpoints,
  LoadOptions,
  LoadResult,
  RestartOverrides,
  Runtime,
} from '../runtime.ts'
import { stateLayout } from '../state/layout.ts'
import { type Container, componentOf, containerSchema, statusOfContainer } from './container.ts'
import { docker } from './docker.ts'

/** Name of the project in docker-compose.yml. */
const PROJECT = 'faultline'
/** How long a component may take from its start to ready, in ms; PostgreSQL may have to recover. */
const READY_TIMEOUT_MS = 120_000
const POLL_MS = 500
const readinessSchema = z.record(z.string(), z.string())

/** The kit as `docker compose up` runs it, over the Docker client. */
export class ComposeRuntime implements Runtime {
  readonly kind = 'compose'
  readonly #stateDir: string
  readonly #endpoints: Endpoints
  readonly #readyUrl: string

  /** @param stateDir for what load leaves: summaries and logs */
  constructor(stateDir: string, hasGrafana: boolean) {
    const ports = portsAt(0)
    this.#stateDir = stateDir
    this.#endpoints = endpointsAt(ports, { grafana: hasGrafana })
    this.#readyUrl = `http://127.0.0.1:${ports.ready}/readyz`
  }

  endpoints(): Endpoints {
    return this.#endpoints
  }

  async status(): Promise<readonly ComponentStatus[]> {
    return (await containers()).map(statusOfContainer).sort((a, b) => a.name.localeCompare(b.name))
  }

  async start(component: string): Promise<void> {
    await docker(['start', await this.#id(component)])
    await this.#untilReady(component)
  }

  async stop(component: string): Promise<void> {
    await docker(['stop', await this.#id(component)])
  }

  async restart(component: string, overrides: RestartOverrides = {}): Promise<void> {
    const container = await this.#find(component)
    const { env = {}, args = [] } = overrides
    await composeUp(container, {
      environment: env,
      ...(args.length > 0 ? { command: [...(await plainCommand(container)), ...args] } : {}),
    })
    await this.#untilReady(component)
  }

  async signal(component: string, signal: NodeJS.Signals): Promise<void> {
    await docker(['kill', `--signal=${signal}`, await this.#id(component)])
  }

  async runLoad(scenario: string, options: LoadOptions = {}): Promise<LoadResult> {
    const layout = stateLayout(this.#stateDir)
    await mkdir(layout.logs, { recursive: true })
    return runLoad({ layout, endpoints: this.#endpoints }, scenario, options)
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #id(component: string): Promise<string> {
    return (await this.#find(component)).Id
  }

  async #find(component: string): Promise<Container> {
    const all = await containers()
    const found = all.find((container) => componentOf(container) === component)
    if (found !== undefined) return found
    throw wrongUse(
      `there is no component "${component}"; there are ${all.map(componentOf).sort().join(', ')}`,
    )
  }

  async #untilReady(component: string): Promise<void> {
    const untilMs = Date.now() + READY_TIMEOUT_MS
    for (;;) {
      const status = statusOfContainer(await this.#find(component))
      const why =
        status.state === 'ready' ? await this.#saidByReady(component) : (status.detail ?? status.state)
      if (why === undefined) return
      if (Date.now() > untilMs) throw new StackError(`${component} is not ready: ${why}`, 1)
      await delay(POLL_MS)
    }
  }

  /** Most backends have no health check of their own; the service `ready` asks them. */
  async #saidByReady(component: string): Promise<string | undefined> {
    if (component === 'ready') return undefined
    try {
      const response = await fetch(this.#readyUrl)
      const said = readinessSchema.parse(await response.json())[component]
      return said === 'ready' ? undefined : said
    } catch (error) {
      return `the service ready does not answer: ${error instanceof Error ? error.message : String(error)}`
    }
  }
}

/**
 * Connects to the kit that `docker compose up` has started on this machine.
 * @throws StackError (environment) when there is none, no client, or no engine
 */
export async function connectCompose(stateDir: string): Promise<ComposeRuntime> {
  const names = (await containers()).map(componentOf)
  if (names.length > 0) return new ComposeRuntime(stateDir, names.includes('grafana'))
  throw environmentLacks(`no containers of the project ${PROJECT} (docker compose up -d --wait starts them)`)
}

async function containers(): Promise<readonly Container[]> {
  const ids = await docker([
    'ps',
    '--all',
    '--quiet',
    '--no-trunc',
    `--filter=label=com.docker.compose.project=${PROJECT}`,
    // not what `docker compose run` has started
    '--filter=label=com.docker.compose.oneoff=False',
  ])
  if (ids === '') return []
  return z.array(containerSchema).parse(JSON.parse(await docker(['inspect', ...ids.split('\n')])))
}

/** The files that the container was made from, as arguments of `docker compose`. */
function files({ Config }: Container): readonly string[] {
  const list = Config.Labels['com.docker.compose.project.config_files'] ?? ''
  const folder = Config.Labels['com.docker.compose.project.working_dir'] ?? '.'
  return [
    `--project-name=${PROJECT}`,
    `--project-directory=${folder}`,
    // an override that a restart added is not for the next one
    ...list
      .split(',')
      .filter((file) => !file.endsWith(OVERRIDE))
      .map((file) => `--file=${file}`),
  ]
}

/** The end of the names of override files. */
const OVERRIDE = 'faultline-override.json'
const configSchema = z.object({
  services: z.record(z.string(), z.object({ command: z.array(z.string()).nullish() })),
})

async function plainCommand(container: Container): Promise<readonly string[]> {
  const text = await docker(['compose', ...files(container), 'config', '--format=json'])
  return configSchema.parse(JSON.parse(text)).services[componentOf(container)]?.command ?? []
}

/** Makes the container anew, with what is in the override and not in the files. */
async function composeUp(
  container: Container,
  override: { environment: Record<string, string>; command?: readonly string[] },
): Promise<void> {
  const service = componentOf(container)
  const folder = await mkdtemp(join(tmpdir(), 'faultline-compose-'))
  const file = join(folder, OVERRIDE)
  try {
    await writeFile(file, JSON.stringify({ services: { [service]: override } }))
    await docker([
      'compose',
      ...files(container),
      `--file=${file}`,
      'up',
      '--detach',
      '--no-deps',
      '--no-build',
      '--force-recreate',
      service,
    ])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Whether everything that `docker compose up` started is ready. */
export const allReady = (components: readonly ComponentStatus[]): boolean =>
  components.every(({ state }) => state === 'ready')
