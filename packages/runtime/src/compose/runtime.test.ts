import { join } from 'node:path'
import { REPOSITORY_ROOT } from '@faultline/toolchain'
import { expect, test } from 'vitest'
import { endpointsAt } from '../endpoints.ts'
import { portsAt } from '../ports.ts'
import type { Container } from './container.ts'
import { type PublishedPort, readPublishedPorts } from './published-ports.ts'
import { ComposeRuntime } from './runtime.ts'

const FILES = '/kit/docker-compose.yml,/kit/deploy/compose/closed.yml'

const COMPOSE_FILE = join(REPOSITORY_ROOT, 'docker-compose.yml')

/** What `docker inspect` tells of the containers of docker-compose.yml, of the ports that a test lets through. */
async function containers(
  offset: number,
  isPublished: (port: PublishedPort) => boolean = () => true,
): Promise<readonly Container[]> {
  const defaults = await readPublishedPorts(COMPOSE_FILE, {})
  // all of them, so that an .env of this machine has no say
  const moved = defaults.map((port) => [port.variable, String(port.default + offset)])
  const ports = await readPublishedPorts(COMPOSE_FILE, Object.fromEntries(moved))
  const byService = Map.groupBy(ports, ({ service }) => service)
  return [...byService].map(([service, all]) => {
    const bindings = all.filter(isPublished).map(({ container, protocol, published }) => ({
      [`${container}/${protocol}`]: [{ HostIp: '127.0.0.1', HostPort: String(published) }],
    }))
    return {
      Id: service,
      Created: '',
      RestartCount: 0,
      State: { Status: 'running', Pid: 1, ExitCode: 0, StartedAt: '', FinishedAt: '' },
      Config: {
        Image: service,
        Cmd: null,
        Labels: {
          'com.docker.compose.service': service,
          'com.docker.compose.project.config_files': FILES,
        },
      },
      HostConfig: { RestartPolicy: { Name: 'unless-stopped' } },
      NetworkSettings: { Ports: Object.assign({}, ...bindings) },
    }
  })
}

const runtime = (all: readonly Container[]) => new ComposeRuntime('/state', 'faultline', all)

test.each([0, 20_000])(
  'endpoints are those of plain processes, at the ports that the engine has published, %i further up',
  async (offset) => {
    const endpoints = runtime(await containers(offset)).endpoints()
    expect(endpoints).toEqual(endpointsAt(portsAt(offset), { grafana: true }))
    expect(endpoints).toMatchObject({
      edgeTls: `https://localhost:${8443 + offset}`,
      catalog: [`http://127.0.0.1:${8082 + offset}`, `http://127.0.0.1:${8083 + offset}`],
      nats: `nats://127.0.0.1:${4222 + offset}`,
      postgres: `postgres://postgres:postgres@127.0.0.1:${5432 + offset}/box_office`,
    })
  },
)

test('the name of an edge that listens on another address is that address', async () => {
  const all = await containers(0)
  const edge = all.map((container) => ({
    ...container,
    NetworkSettings: { Ports: { '8443/tcp': [{ HostIp: '192.0.2.1', HostPort: '443' }] } },
  }))
  expect(runtime(edge).endpoints('edgeTls')).toMatchObject({ edgeTls: 'https://192.0.2.1:443' })
})

test('without a container of Grafana there is no endpoint of it', async () => {
  const all = (await containers(0)).filter(({ Id }) => Id !== 'grafana')
  expect(runtime(all).endpoints()).toEqual(endpointsAt(portsAt(0), { grafana: false }))
})

test('what is not published is named when it is asked for, with the files that the kit was started from', async () => {
  const closed = await containers(0, ({ service, name }) =>
    ['edge', 'grafana', 'collector'].includes(service) ? name !== 'metrics' && name !== 'health' : false,
  )
  const kit = runtime(closed)
  expect(kit.endpoints('edge', 'collectorOtlpHttp', 'grafana')).toMatchObject({
    edge: 'http://127.0.0.1:8080',
    collectorOtlpHttp: 'http://127.0.0.1:4318',
    grafana: 'http://127.0.0.1:3000',
  })
  const refusal = (text: string) =>
    expect.objectContaining({ exitCode: 3, message: expect.stringContaining(text) })
  expect(() => kit.endpoints()).toThrow(refusal('does not publish gateway (8081), gatewayAdmin (9081), '))
  expect(() => kit.endpoints()).toThrow(
    refusal('started from /kit/docker-compose.yml, /kit/deploy/compose/closed.yml'),
  )
  expect(() => kit.endpoints('edge', 'catalog')).toThrow(
    refusal('does not publish catalog1 (8082), catalog2 (8083): that part'),
  )
  await expect(kit.restart('loki')).rejects.toThrow(refusal('does not publish ready (8090): '))
})

test('a backend that is left out is named like a port that is not published', async () => {
  const all = (await containers(0)).filter(({ Id }) => Id !== 'prometheus')
  expect(() => runtime(all).endpoints()).toThrow('does not publish prometheus (9090): ')
})
