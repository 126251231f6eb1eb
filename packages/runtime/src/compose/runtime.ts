import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { REPOSITORY_ROOT } from '@faultline/toolchain'
import { z } from 'zod'
import {
  type Addresses,
  type AddressName,
  type Endpoints,
  endpointsOf,
  LOAD_PORTS,
  requireAddresses,
} from '../endpoints.ts'
import { environmentLacks, messageOf, StackError, wrongUse } from '../errors.ts'
import { runLoad } from '../load.ts'
import type { ComponentStatus, LoadOptions, LoadResult, RestartOverrides, Runtime } from '../runtime.ts'
import { stateLayout } from '../state/layout.ts'
import { makeFolder } from '../state/storage.ts'
import {
  addressesOf,
  type Container,
  componentOf,
  containerSchema,
  docker,
  statusOfContainer,
} from './container.ts'
import { composeEnvironment } from './env-file.ts'

/** Name of the project in docker-compose.yml. */
const PROJECT = 'faultline'
/** How long a component may take from its start to ready, in ms; PostgreSQL may have to recover. */
const READY_TIMEOUT_MS = 120_000
const POLL_MS = 500
const READY = 'ready/http' satisfies AddressName
const readinessSchema = z.record(z.string(), z.string())

/** The kit as `docker compose up` runs it, over the Docker client. */
export class ComposeRuntime implements Runtime {
  readonly kind = 'compose'
  readonly #stateDir: string
  readonly #project: string
  /** Files that the kit was made from, for people. */
  readonly #files: readonly string[]
  readonly #addresses: Addresses
  readonly #lack = (missing: string): string =>
    `the kit in containers does not publish ${missing}: that part does not run, or an overlay such as deploy/compose/closed.yml or bring-your-own.yml leaves it out; to have it, start the kit without that overlay (it was started from ${this.#files.join(', ')})`

  /**
   * @param stateDir for what load leaves: summaries and logs
   * @param all containers of the project, at least one
   */
  constructor(stateDir: string, project: string, all: readonly Container[]) {
    this.#stateDir = stateDir
    this.#project = project
    this.#files = all[0] === undefined ? [] : composeFiles(all[0])
    this.#addresses = Object.assign({}, ...all.map(addressesOf))
  }

  endpoints<Name extends keyof Endpoints = keyof Endpoints>(...only: readonly Name[]): Pick<Endpoints, Name> {
    return endpointsOf(this.#addresses, only, this.#lack)
  }

  async status(): Promise<readonly ComponentStatus[]> {
    return (await containers(this.#project))
      .map(statusOfContainer)
      .sort((a, b) => a.name.localeCompare(b.name))
  }

  async start(component: string): Promise<void> {
    requireAddresses(this.#addresses, [READY], this.#lack)
    await docker(['start', (await this.#find(component)).Id])
    await this.#untilReady(component)
  }

  async stop(component: string): Promise<void> {
    await docker(['stop', (await this.#find(component)).Id])
  }

  async restart(component: string, overrides: RestartOverrides = {}): Promise<void> {
    requireAddresses(this.#addresses, [READY], this.#lack)
    const container = await this.#find(component)
    const { env = {}, args = [] } = overrides
    await composeUp(container, {
      environment: env,
      ...(args.length > 0 ? { command: [...(await plainCommand(container)), ...args] } : {}),
    })
    await this.#untilReady(component)
  }

  async signal(component: string, signal: NodeJS.Signals): Promise<void> {
    await docker(['kill', `--signal=${signal}`, (await this.#find(component)).Id])
  }

  async runLoad(scenario: string, options: LoadOptions = {}): Promise<LoadResult> {
    const layout = stateLayout(this.#stateDir)
    await makeFolder(layout.logs)
    requireAddresses(this.#addresses, LOAD_PORTS, this.#lack)
    return runLoad({ layout, addresses: this.#addresses }, scenario, options)
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #find(component: string): Promise<Container> {
    const all = await containers(this.#project)
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
      const response = await fetch(`http://${this.#addresses[READY]}/readyz`)
      const said = readinessSchema.parse(await response.json())[component]
      return said === 'ready' ? undefined : said
    } catch (error) {
      return `the service ready does not answer: ${messageOf(error)}`
    }
  }
}

/**
 * Connects to the kit that `docker compose up` has started on this machine.
 * @throws StackError (environment) when there is none, no client, or no engine
 */
export async function connectCompose(stateDir: string): Promise<ComposeRuntime> {
  const { COMPOSE_PROJECT_NAME } = await composeEnvironment(REPOSITORY_ROOT)
  const project = COMPOSE_PROJECT_NAME || PROJECT
  const all = await containers(project)
  if (all.length > 0) return new ComposeRuntime(stateDir, project, all)
  throw environmentLacks(`no containers of the project ${project} (docker compose up -d --wait starts them)`)
}

async function containers(project: string): Promise<readonly Container[]> {
  const ids = await docker([
    'ps',
    '--all',
    '--quiet',
    '--no-trunc',
    `--filter=label=com.docker.compose.project=${project}`,
    // not what `docker compose run` has started
    '--filter=label=com.docker.compose.oneoff=False',
  ])
  if (ids === '') return []
  return z.array(containerSchema).parse(JSON.parse(await docker(['inspect', ...ids.split('\n')])))
}

/** The files that a container was made from, but for an override: what a restart added is not for the next one. */
const composeFiles = ({ Config }: Container): readonly string[] =>
  (Config.Labels['com.docker.compose.project.config_files'] ?? '')
    .split(',')
    .filter((file) => !file.endsWith(OVERRIDE))

/** How the container was made, as arguments of `docker compose`. */
function madeWith(container: Container): readonly string[] {
  const { Labels } = container.Config
  // of `--env-file`; without, .env beside the compose file counts
  const environment = Labels['com.docker.compose.project.environment_file']?.split(',') ?? []
  return [
    `--project-name=${Labels['com.docker.compose.project']}`,
    `--project-directory=${Labels['com.docker.compose.project.working_dir'] ?? '.'}`,
    ...environment.map((file) => `--env-file=${file}`),
    ...composeFiles(container).map((file) => `--file=${file}`),
  ]
}

/** The end of the names of override files. */
const OVERRIDE = 'faultline-override.json'
const configSchema = z.object({
  services: z.record(z.string(), z.object({ command: z.array(z.string()).nullish() })),
})

async function plainCommand(container: Container): Promise<readonly string[]> {
  const text = await docker(['compose', ...madeWith(container), 'config', '--format=json'])
  return configSchema.parse(JSON.parse(text)).services[componentOf(container)]?.command ?? []
}

/** Makes the container again, with what is in the override and not in the files. */
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
      ...madeWith(container),
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
