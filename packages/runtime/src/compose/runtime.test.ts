import { join } from 'node:path'
import { REPOSITORY_ROOT } from '@faultline/toolchain'
import { expect, test } from 'vitest'
import { SERVICES } from '../generated/topology.ts'
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
  'endpoints are at the ports that the engine has published, %i further up',
  async (offset) => {
    const endpoints = runtime(await containers(offset)).endpoints()
    expect(endpoints).toMatchObject({
      edgeTls: `https://localhost:${SERVICES.edge.https + offset}`,
      catalog: [
        `http://127.0.0.1:${SERVICES['catalog-1'].http + offset}`,
        `http://127.0.0.1:${SERVICES['catalog-2'].http + offset}`,
      ],
      nats: `nats://127.0.0.1:${SERVICES.nats.nats + offset}`,
      postgres: `postgres://postgres:postgres@127.0.0.1:${SERVICES.postgres.postgres + offset}/box_office`,
      grafana: `http://127.0.0.1:${SERVICES.grafana.http + offset}`,
    })
  },
)

test('the name of an edge that listens on another address is that address', async () => {
  const all = await containers(0)
  const edge = all.map((container) => ({
    ...container,
    NetworkSettings: {
      Ports: { [`${SERVICES.edge.https}/tcp`]: [{ HostIp: '192.0.2.1', HostPort: '443' }] },
    },
  }))
  expect(runtime(edge).endpoints('edgeTls')).toMatchObject({ edgeTls: 'https://192.0.2.1:443' })
})

test('without a container of Grafana there is no endpoint of it', async () => {
  const all = (await containers(0)).filter(({ Id }) => Id !== 'grafana')
  const { grafana, ...others } = runtime(await containers(0)).endpoints()
  expect(grafana).toBeDefined()
  expect(runtime(all).endpoints()).toEqual(others)
})

test('what is not published is named when it is asked for, with the files that the kit was started from', async () => {
  const closed = await containers(0, ({ service, name }) =>
    ['edge', 'grafana', 'collector'].includes(service) ? name !== 'metrics' && name !== 'health' : false,
  )
  const kit = runtime(closed)
  expect(kit.endpoints('edge', 'collectorOtlpHttp', 'grafana')).toMatchObject({
    edge: `http://127.0.0.1:${SERVICES.edge.http}`,
    collectorOtlpHttp: `http://127.0.0.1:${SERVICES.collector['otlp-http']}`,
    grafana: `http://127.0.0.1:${SERVICES.grafana.http}`,
  })
  const refusal = (text: string) =>
    expect.objectContaining({ exitCode: 3, message: expect.stringContaining(text) })
  expect(() => kit.endpoints()).toThrow(refusal('does not publish gateway/http, gateway/admin, '))
  expect(() => kit.endpoints()).toThrow(
    refusal('started from /kit/docker-compose.yml, /kit/deploy/compose/closed.yml'),
  )
  expect(() => kit.endpoints('edge', 'catalog')).toThrow(
    refusal('does not publish catalog-1/http, catalog-2/http: that part'),
  )
  await expect(kit.restart('loki')).rejects.toThrow(refusal('does not publish ready/http: '))
})

test('a backend that is left out is named like a port that is not published', async () => {
  const all = (await containers(0)).filter(({ Id }) => Id !== 'prometheus')
  expect(() => runtime(all).endpoints()).toThrow('does not publish prometheus/http: ')
})
