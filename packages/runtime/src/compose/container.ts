import { execa } from 'execa'
import { z } from 'zod'
import { type Addresses, addressName, HOST } from '../endpoints.ts'
import { environmentLacks, StackError } from '../errors.ts'
import type { ComponentState, ComponentStatus } from '../runtime.ts'

/**
 * Runs the Docker client and returns what it prints. Nothing else of the kit talks to the engine: no container has its
 * socket.
 * @throws StackError (environment) when there is no client or no engine; StackError with its words when it fails
 */
export async function docker(args: readonly string[]): Promise<string> {
  const result = await execa('docker', args, { reject: false, stdin: 'ignore', stripFinalNewline: true })
  if (!result.failed) return result.stdout
  if (result.code === 'ENOENT') {
    throw environmentLacks(
      'there is no Docker client on PATH: install Docker, or use the kit without --compose',
    )
  }
  if (
    /Cannot connect to the Docker daemon|failed to connect to the docker API|permission denied.*docker\.sock/i.test(
      result.stderr,
    )
  ) {
    throw environmentLacks(`the Docker engine cannot be reached: ${result.stderr.trim()}`)
  }
  throw new StackError(`docker ${args[0]} failed: ${result.stderr.trim() || result.shortMessage}`, 1)
}

/** Where the engine publishes a container's ports, by `PORT/PROTOCOL`. */
const bindingsSchema = z
  .record(z.string(), z.array(z.object({ HostIp: z.string(), HostPort: z.string() })).nullish())
  .nullish()

/** What `docker inspect` tells of a container, as far as the kit reads it. */
export const containerSchema = z.object({
  Id: z.string(),
  Created: z.string(),
  RestartCount: z.number(),
  State: z.object({
    Status: z.enum(['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']),
    Pid: z.number(),
    ExitCode: z.number(),
    StartedAt: z.string(),
    FinishedAt: z.string(),
    Health: z
      .object({
        Status: z.enum(['none', 'starting', 'healthy', 'unhealthy']),
        /** Checks that have failed since the last one that passed. */
        FailingStreak: z.number().default(0),
      })
      .optional(),
  }),
  Config: z.object({
    Image: z.string(),
    Cmd: z.array(z.string()).nullable(),
    Labels: z.record(z.string(), z.string()),
  }),
  HostConfig: z.object({
    RestartPolicy: z.object({ Name: z.string() }),
    /** What was asked for. */
    PortBindings: bindingsSchema,
  }),
  /** What is there now; nothing when the container does not run. */
  NetworkSettings: z.object({ Ports: bindingsSchema }).optional(),
})
export type Container = z.infer<typeof containerSchema>

/** So many failed checks in a row are not by chance. */
const FAILURES = 3
/** Docker's word for "never happened". */
const NEVER = '0001-01-01T00:00:00Z'

/** Name of the component: that of the service in docker-compose.yml. */
export const componentOf = ({ Config }: Container): string =>
  Config.Labels['com.docker.compose.service'] ?? ''

/** Addresses that stand for every one of this machine. */
const EVERYWHERE: readonly string[] = ['', '0.0.0.0', '::']

/** Where a container's named ports are reached from this machine. */
export function addressesOf(container: Container): Addresses {
  const { NetworkSettings, HostConfig } = container
  const bindings = { ...HostConfig.PortBindings, ...NetworkSettings?.Ports }
  return Object.fromEntries(
    Object.entries(bindings).flatMap(([key, published]) => {
      const [port, protocol] = key.split('/')
      const name = protocol === 'tcp' ? addressName(componentOf(container), Number(port)) : undefined
      const { HostIp = '', HostPort = '' } = published?.[0] ?? {}
      // a port of the engine's choice has a number only while the container runs
      if (name === undefined || !(Number(HostPort) > 0)) return []
      const host = EVERYWHERE.includes(HostIp) ? HOST : HostIp
      return [[name, `${host.includes(':') ? `[${host}]` : host}:${HostPort}`]]
    }),
  )
}

/** A container as a component of the kit. */
export function statusOfContainer(container: Container): ComponentStatus {
  const { State, RestartCount, Config } = container
  const { state, detail } = stateOf(container)
  const entered = State.Status === 'exited' ? State.FinishedAt : State.StartedAt
  return {
    name: componentOf(container),
    state,
    since: entered === NEVER ? container.Created : entered,
    restarts: RestartCount,
    version: Config.Image,
    pid: State.Pid > 0 ? State.Pid : undefined,
    detail,
  }
}

/** Long before the engine says so, which has patience (`retries` in docker-compose.yml). */
const fails = (health: Container['State']['Health']): boolean =>
  health?.Status === 'unhealthy' || (health?.FailingStreak ?? 0) >= FAILURES

function stateOf({ State, HostConfig }: Container): { state: ComponentState; detail?: string } {
  const isTask = HostConfig.RestartPolicy.Name === 'no' || HostConfig.RestartPolicy.Name === ''
  switch (State.Status) {
    case 'running':
      if (State.Health?.Status === 'starting') return { state: 'starting' }
      if (fails(State.Health)) return { state: 'starting', detail: 'its health check fails' }
      // a task is ready when it is done
      return { state: isTask ? 'starting' : 'ready' }
    case 'created':
      return { state: 'waiting' }
    case 'paused':
      return { state: 'unresponsive', detail: 'paused' }
    case 'restarting':
      return { state: 'backoff', detail: `exit code ${State.ExitCode}` }
    case 'exited':
      if (isTask && State.ExitCode === 0) return { state: 'ready' }
      return { state: isTask ? 'failed' : 'stopped', detail: `exit code ${State.ExitCode}` }
    default:
      return { state: 'stopped', detail: State.Status }
  }
}
