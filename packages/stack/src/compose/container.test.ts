import { expect, test } from 'vitest'
import { type Container, statusOfContainer } from './container.ts'

function container(state: Partial<Container['State']>, restart = 'unless-stopped'): Container {
  return {
    Id: 'f00',
    RestartCount: 2,
    State: {
      Status: 'running',
      Pid: 0,
      ExitCode: 0,
      StartedAt: '2026-01-02T03:04:05Z',
      FinishedAt: '2026-01-02T04:00:00Z',
      ...state,
    },
    Config: {
      Image: 'prom/prometheus:v3',
      Cmd: null,
      Labels: { 'com.docker.compose.service': 'prometheus' },
    },
    HostConfig: { RestartPolicy: { Name: restart } },
  }
}

test.each<[string, Partial<Container['State']>, string, string | undefined]>([
  ['runs, without a health check', {}, 'ready', undefined],
  ['is healthy', { Health: { Status: 'healthy' } }, 'ready', undefined],
  ['has not been asked yet', { Health: { Status: 'starting' } }, 'starting', undefined],
  ['fails its health check', { Health: { Status: 'unhealthy' } }, 'starting', 'its health check fails'],
  ['was never started', { Status: 'created' }, 'waiting', undefined],
  ['is tried again', { Status: 'restarting', ExitCode: 137 }, 'backoff', 'exit code 137'],
  ['was stopped', { Status: 'exited', ExitCode: 0 }, 'stopped', 'exit code 0'],
])('a service that %s', (_what, state, expected, detail) => {
  const status = statusOfContainer(container(state))
  expect(status).toMatchObject({ name: 'prometheus', state: expected, restarts: 2 })
  expect(status.detail).toBe(detail)
})

test.each<[string, Partial<Container['State']>, string]>([
  ['runs', {}, 'starting'],
  ['has done its work', { Status: 'exited', ExitCode: 0 }, 'ready'],
  ['could not do it', { Status: 'exited', ExitCode: 3 }, 'failed'],
])('a task that %s', (_what, state, expected) => {
  expect(statusOfContainer(container(state, 'no')).state).toBe(expected)
})

test('a container that ended has been so since its end, one that runs since its start', () => {
  expect(statusOfContainer(container({ Status: 'exited' })).since).toBe('2026-01-02T04:00:00Z')
  expect(statusOfContainer(container({})).since).toBe('2026-01-02T03:04:05Z')
})
