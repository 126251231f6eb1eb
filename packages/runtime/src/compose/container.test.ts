import { describe, expect, test } from 'vitest'
import { addressesOf, type Container, containerSchema, statusOfContainer } from './container.ts'

function container(
  state: Partial<Container['State']>,
  restart = 'unless-stopped',
  ports: Pick<Container, 'NetworkSettings'> & { asked?: Container['HostConfig']['PortBindings'] } = {},
): Container {
  return {
    Id: 'f00',
    Created: '2026-01-02T03:00:00Z',
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
    HostConfig: { RestartPolicy: { Name: restart }, PortBindings: ports.asked },
    NetworkSettings: ports.NetworkSettings,
  }
}

test.each<[string, Partial<Container['State']>, string, string | undefined]>([
  ['runs, without a health check', {}, 'ready', undefined],
  ['is healthy', { Health: { Status: 'healthy', FailingStreak: 2 } }, 'ready', undefined],
  ['has not been asked yet', { Health: { Status: 'starting', FailingStreak: 0 } }, 'starting', undefined],
  [
    'fails its health check',
    { Health: { Status: 'unhealthy', FailingStreak: 0 } },
    'starting',
    'its health check fails',
  ],
  [
    'has failed it a few times',
    { Health: { Status: 'healthy', FailingStreak: 3 } },
    'starting',
    'its health check fails',
  ],
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

test('a container that ended has been so since its end, one that runs since its start, one that never ran since it was made', () => {
  expect(statusOfContainer(container({ Status: 'exited' })).since).toBe('2026-01-02T04:00:00Z')
  expect(statusOfContainer(container({})).since).toBe('2026-01-02T03:04:05Z')
  const never = { Status: 'created', StartedAt: '0001-01-01T00:00:00Z' } as const
  expect(statusOfContainer(container(never)).since).toBe('2026-01-02T03:00:00Z')
})

describe('the addresses of a container', () => {
  const addresses = (
    now: Record<string, { HostIp: string; HostPort: string }[] | null> | null,
    asked?: Record<string, { HostIp: string; HostPort: string }[]>,
  ) => {
    const said = container({}, 'no', { NetworkSettings: { Ports: now }, asked })
    return Object.fromEntries(addressesOf(containerSchema.parse(JSON.parse(JSON.stringify(said)))))
  }

  test('are where the engine publishes its ports, by their names in the kit', () => {
    expect(
      addresses({
        '4222/tcp': [{ HostIp: '127.0.0.1', HostPort: '24222' }],
        '8222/tcp': [{ HostIp: '192.0.2.1', HostPort: '8222' }],
        '9095/tcp': null,
      }),
    ).toEqual({ nats: '127.0.0.1:24222', natsMonitor: '192.0.2.1:8222' })
  })

  test.each([
    ['every address of IPv4', [{ HostIp: '0.0.0.0', HostPort: '23100' }], '127.0.0.1:23100'],
    ['every address', [{ HostIp: '', HostPort: '23100' }], '127.0.0.1:23100'],
    ['every address of IPv6', [{ HostIp: '::', HostPort: '23100' }], '127.0.0.1:23100'],
    [
      'every address of both',
      [
        { HostIp: '0.0.0.0', HostPort: '23100' },
        { HostIp: '::', HostPort: '23100' },
      ],
      '127.0.0.1:23100',
    ],
    ['the loopback address of IPv6', [{ HostIp: '::1', HostPort: '23100' }], '[::1]:23100'],
  ])('that publishes on %s are such that a client can use', (_what, bindings, address) => {
    expect(addresses({ '3100/tcp': bindings })).toEqual({ loki: address })
  })

  test('that does not run are those that were asked for, but for what the engine would choose', () => {
    const asked = {
      '3100/tcp': [{ HostIp: '127.0.0.1', HostPort: '23100' }],
      '9095/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }],
      '9096/tcp': [{ HostIp: '127.0.0.1', HostPort: '0' }],
    }
    expect(addresses({}, asked)).toEqual({ loki: '127.0.0.1:23100' })
    expect(addresses(null, asked)).toEqual({ loki: '127.0.0.1:23100' })
    expect(addresses({ '3100/tcp': [{ HostIp: '127.0.0.1', HostPort: '3100' }] }, asked)).toEqual({
      loki: '127.0.0.1:3100',
    })
  })

  test('leave out what is no TCP port of the kit', () => {
    const bindings = [{ HostIp: '127.0.0.1', HostPort: '28443' }]
    expect(addresses({ '8443/udp': bindings, '81/tcp': bindings })).toEqual({})
  })
})
