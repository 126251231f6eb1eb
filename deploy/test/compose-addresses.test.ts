/** Ports, addresses and names of docker-compose.yml: which there are, that all are stated, and that people can move them. */

import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { CLOSED_FILE, closedFile } from '../compose/generate-closed.ts'
import {
  bindMounts,
  movedPorts,
  OVERLAYS,
  portVariables,
  REPOSITORY,
  type RenderedService,
  rendered,
  targetsOf,
} from './rendered.ts'

const CLOSED = 'deploy/compose/closed.yml'
const OFFSET = 1_000
const moved = movedPorts(OFFSET)

/** What a service is given: its command and the values of its variables. */
const told = ({ command, environment }: RenderedService): string =>
  [...(command ?? []), ...Object.values(environment ?? {})].join('\n')

const portsOf = ({ ports = [], expose = [] }: RenderedService): readonly number[] => [
  ...ports.map(({ target }) => target),
  ...expose.map(Number),
]

describe.each(Object.entries(OVERLAYS))('%s', (_name, overlays) => {
  const all = rendered(overlays)

  test('ports are on loopback only, each once, each with a name', async () => {
    const published = [...(await all).values()].flatMap(({ ports = [] }) => ports)
    expect(published.filter(({ host_ip, name }) => host_ip !== '127.0.0.1' || !name)).toEqual([])
    const taken = published.map(({ published: port, protocol }) => `${port}/${protocol}`)
    expect(taken.filter((port, index) => taken.indexOf(port) !== index)).toEqual([])
  })

  if (!overlays.includes(CLOSED)) {
    test('every address that a service is given is a port that its target publishes or exposes', async () => {
      const services = await all
      const known = [...services.keys()].join('|')
      const missing = [...services].flatMap(([name, service]) =>
        [...told(service).matchAll(new RegExp(`\\b(?<![\\w.-])(${known}):(\\d+)\\b`, 'g'))]
          .filter(
            ([, other = '', port]) => !portsOf(services.get(other) as RenderedService).includes(Number(port)),
          )
          .map(([address]) => `${name}: ${address}`),
      )
      expect(missing).toEqual([])
    })
  }

  test('no service leaves a port of its own to its image', async () => {
    const services = await all
    // an address with a scheme is where others find it, not where it listens
    const listens = (service: RenderedService, port: number) =>
      told(service)
        .split('\n')
        .some((text) => !text.includes('://') && new RegExp(`\\b${port}\\b`).test(text))
    const untold = [...services].flatMap(([name, service]) =>
      portsOf(service)
        // the list that it mounts says where proxies listen
        .filter((port) => !(name === 'toxiproxy' && port !== 8474))
        .filter((port) => !listens(service, port))
        .map((port) => `${name}: ${port}`),
    )
    expect(untold).toEqual([])
  })

  test('a client’s proxy settings do not come between containers', async () => {
    const services = await all
    const names = [...services.keys()].filter(
      (name) => portsOf(services.get(name) as RenderedService).length > 0,
    )
    for (const [name, { environment = {} }] of services) {
      for (const variable of ['NO_PROXY', 'no_proxy']) {
        const direct = environment[variable]?.split(',') ?? []
        expect(
          [...names, 'localhost', '127.0.0.1'].filter((one) => !direct.includes(one)),
          `${variable} of ${name}`,
        ).toEqual([])
      }
    }
  })

  test('on SELinux every mount is relabelled, elsewhere none', async () => {
    const labels = async (variables: Record<string, string>) =>
      new Set(
        [...(await rendered(overlays, variables)).values()]
          .flatMap(bindMounts)
          .map(({ bind }) => bind?.selinux),
      )
    expect(await labels({})).toEqual(new Set([undefined]))
    expect(await labels({ FAULTLINE_SELINUX: '1' })).toEqual(new Set(['z']))
  })
})

describe('people can', () => {
  test('move every published port by a variable of its own, and what is said about it moves with it', async () => {
    const services = await rendered([], moved)
    const published = [...services.values()].flatMap(({ ports = [] }) => ports)
    expect(published.length).toBeGreaterThan(portVariables.size)
    expect(published.filter(({ target, published: port }) => Number(port) !== target + OFFSET)).toEqual([])
    expect(services.get('prometheus')?.command).toContain('--web.external-url=http://127.0.0.1:10090')
    expect(services.get('alertmanager')?.command).toContain('--web.external-url=http://127.0.0.1:10094')
    expect(services.get('grafana')?.environment?.GF_SERVER_ROOT_URL).toBe('http://127.0.0.1:4000/')
  })

  test('publish on another address', async () => {
    for (const overlays of Object.values(OVERLAYS)) {
      const services = await rendered(overlays, { FAULTLINE_BIND: '192.0.2.1' })
      const hosts = [...services.values()].flatMap(({ ports = [] }) => ports.map(({ host_ip }) => host_ip))
      expect(new Set(hosts)).toEqual(new Set(['192.0.2.1']))
    }
  })

  test('close all but edge, Grafana and OTLP, by a file that `npm run compose:generate` has written', async () => {
    expect(await readFile(CLOSED_FILE, 'utf8')).toBe(await closedFile())
    const services = await rendered([CLOSED], moved)
    const open = [...services].flatMap(([name, { ports = [] }]) =>
      ports.map(({ name: port, published, protocol }) => `${name} ${port} ${published}/${protocol}`),
    )
    expect(open.sort()).toEqual([
      'collector otlp-grpc 5317/tcp',
      'collector otlp-http 5318/tcp',
      'edge http 9080/tcp',
      'edge http3 9443/udp',
      'edge https 9443/tcp',
      'grafana http 4000/tcp',
    ])
  })
})

describe('Grafana', () => {
  const provisioned = async () =>
    parse(await readFile(`${REPOSITORY}grafana/provisioning/datasources/faultline.yaml`, 'utf8'))
      .datasources as { uid: string; type: string }[]

  test('is asked by ready for the health of every data source, and for a dashboard', async () => {
    const asked = targetsOf((await rendered()).get('ready')).map(([, url]) => url)
    for (const { uid } of await provisioned()) {
      expect(asked).toContain(`http://grafana:3000/api/datasources/uid/${uid}/health`)
    }
    expect(asked).toContainEqual(expect.stringMatching(/:3000\/api\/dashboards\/uid\/overview$/))
  })

  test('keeps its data sources: nothing updates them, hides them or switches off one that is used', async () => {
    const {
      environment = {},
      volumes = [],
      pids_limit,
      mem_limit,
    } = (await rendered()).get('grafana') as RenderedService
    expect(environment.GF_PLUGINS_PREINSTALL_AUTO_UPDATE).toBe('false')
    expect(environment.GF_PLUGINS_PREINSTALL_SYNC).toBeUndefined()
    expect(environment.GF_INSTALL_PLUGINS).toBeUndefined()
    expect(volumes.filter(({ target }) => target.startsWith('/usr/share/grafana'))).toEqual([])
    const off = environment.GF_PLUGINS_DISABLE_PLUGINS?.split(',') ?? []
    expect(off.length).toBeGreaterThan(5)
    expect((await provisioned()).filter(({ type }) => off.includes(type))).toEqual([])
    expect(pids_limit).toBeGreaterThanOrEqual(1_024)
    expect(Number(mem_limit)).toBeGreaterThanOrEqual(768 * 1024 ** 2)
  })

  test('lets whoever reaches it follow every link, asks nobody for updates, and pins what it fetches', async () => {
    const { environment = {} } = (await rendered()).get('grafana') as RenderedService
    expect(environment).toMatchObject({
      GF_AUTH_ANONYMOUS_ENABLED: 'true',
      GF_AUTH_ANONYMOUS_ORG_ROLE: 'Admin',
      GF_ANALYTICS_REPORTING_ENABLED: 'false',
      GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
      GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
      GF_SERVER_ENABLE_GZIP: 'false',
    })
    const apps = environment.GF_PLUGINS_PREINSTALL?.split(',') ?? []
    expect(apps).toHaveLength(4)
    expect(apps.filter((app) => !/^grafana-[a-z]+-app@\d+\.\d+\.\d+$/.test(app))).toEqual([])
  })

  test('finds in Loki what Logs Drilldown asks for', async () => {
    expect((await rendered()).get('loki')?.environment?.LOKI_PATTERN_INGESTER).toBe('true')
    const loki = parse(await readFile(`${REPOSITORY}backends/loki/loki.yaml`, 'utf8'))
    expect(loki.pattern_ingester.enabled).toContain('LOKI_PATTERN_INGESTER')
    expect(loki.limits_config).toMatchObject({
      allow_structured_metadata: true,
      discover_log_levels: true,
      volume_enabled: true,
    })
  })
})
