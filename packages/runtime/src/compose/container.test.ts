import { describe, expect, test } from 'vitest'
import { SERVICES } from '../generated/topology.ts'
import { addressesOf, type Container, containerSchema, statusOfContainer } from './container.ts'

function container(
  state: Partial<Container['State']>,
  restart = 'unless-stopped',
  ports: Pick<Container, 'NetworkSettings'> & {
    asked?: Container['HostConfig']['PortBindings']
    service?: string
  } = {},
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
      Labels: { 'com.docker.compose.service': ports.service ?? 'prometheus' },
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
  ['is paused', { Status: 'paused' }, 'unresponsive', 'paused'],
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
  const { nats, loki, edge, 'catalog-1': catalog } = SERVICES
  type Bindings = Record<string, { HostIp: string; HostPort: string }[] | null>
  const addresses = (service: string, now: Bindings | null, asked?: Bindings) => {
    const said = container({}, 'no', { NetworkSettings: { Ports: now }, asked, service })
    return addressesOf(containerSchema.parse(JSON.parse(JSON.stringify(said))))
  }

  test('are where the engine publishes its ports, by service and name', () => {
    expect(
      addresses('nats', {
        [`${nats.nats}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: '24222' }],
        [`${nats.monitor}/tcp`]: [{ HostIp: '192.0.2.1', HostPort: '8222' }],
        '6222/tcp': null,
      }),
    ).toEqual({ 'nats/nats': '127.0.0.1:24222', 'nats/monitor': '192.0.2.1:8222' })
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
    expect(addresses('loki', { [`${loki.http}/tcp`]: bindings })).toEqual({ 'loki/http': address })
  })

  test('that does not run are those that were asked for, but for what the engine would choose', () => {
    const asked = {
      [`${catalog.http}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: '28082' }],
      [`${catalog.admin}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: '' }],
    }
    expect(addresses('catalog-1', {}, asked)).toEqual({ 'catalog-1/http': '127.0.0.1:28082' })
    expect(addresses('catalog-1', null, asked)).toEqual({ 'catalog-1/http': '127.0.0.1:28082' })
    const zero = { [`${catalog.http}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: '0' }] }
    expect(addresses('catalog-1', {}, zero)).toEqual({})
    const now = { [`${catalog.http}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: '8082' }] }
    expect(addresses('catalog-1', now, asked)).toEqual({ 'catalog-1/http': '127.0.0.1:8082' })
  })

  test('leave out what is no TCP port of its service', () => {
    const bindings = [{ HostIp: '127.0.0.1', HostPort: '28443' }]
    const all = {
      [`${edge.https}/udp`]: bindings,
      '81/tcp': bindings,
      [`${loki.http}/tcp`]: bindings,
    }
    expect(addresses('edge', all)).toEqual({})
    expect(addresses('somebody-elses', all)).toEqual({})
    expect(addresses('toString', all)).toEqual({})
  })
})
