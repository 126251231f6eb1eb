import { z } from 'zod'
import type { ComponentState, ComponentStatus } from '../runtime.ts'

/** What `docker inspect` tells of a container, as far as the kit reads it. */
export const containerSchema = z.object({
  Id: z.string(),
  RestartCount: z.number(),
  State: z.object({
    Status: z.enum(['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']),
    Pid: z.number(),
    ExitCode: z.number(),
    StartedAt: z.string(),
    FinishedAt: z.string(),
    Health: z.object({ Status: z.enum(['none', 'starting', 'healthy', 'unhealthy']) }).optional(),
  }),
  Config: z.object({
    Image: z.string(),
    Cmd: z.array(z.string()).nullable(),
    Labels: z.record(z.string(), z.string()),
  }),
  HostConfig: z.object({ RestartPolicy: z.object({ Name: z.string() }) }),
})
export type Container = z.infer<typeof containerSchema>

/** Docker's word for "never happened". */
const NEVER = '0001-01-01T00:00:00Z'

/** Name of the component: that of the service in docker-compose.yml. */
export const componentOf = ({ Config }: Container): string =>
  Config.Labels['com.docker.compose.service'] ?? ''

/** A container as a component of the kit. */
export function statusOfContainer(container: Container): ComponentStatus {
  const { State, RestartCount, Config } = container
  const { state, detail } = stateOf(container)
  const since = State.Status === 'exited' ? State.FinishedAt : State.StartedAt
  return {
    name: componentOf(container),
    state,
    since: since === NEVER ? new Date(0).toISOString() : since,
    restarts: RestartCount,
    version: Config.Image,
    ...(State.Pid > 0 ? { pid: State.Pid } : {}),
    ...(detail === undefined ? {} : { detail }),
  }
}

function stateOf({ State, HostConfig }: Container): { state: ComponentState; detail?: string } {
  const isTask = HostConfig.RestartPolicy.Name === 'no' || HostConfig.RestartPolicy.Name === ''
  switch (State.Status) {
    case 'running':
      if (State.Health?.Status === 'starting') return { state: 'starting' }
      if (State.Health?.Status === 'unhealthy') return { state: 'starting', detail: 'its health check fails' }
      // a task is ready when it is done
      return { state: isTask ? 'starting' : 'ready' }
    case 'created':
      return { state: 'waiting' }
    case 'paused':
      return { state: 'ready', detail: 'paused' }
    case 'restarting':
      return { state: 'backoff', detail: `exit code ${State.ExitCode}` }
    case 'exited':
      if (isTask && State.ExitCode === 0) return { state: 'ready' }
      return { state: isTask ? 'failed' : 'stopped', detail: `exit code ${State.ExitCode}` }
    default:
      return { state: 'stopped', detail: State.Status }
  }
}
