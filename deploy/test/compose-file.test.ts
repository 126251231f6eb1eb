/** What docker-compose.yml says once it is rendered, with and without overlays. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { composeProxies, portsAt, stateLayout } from '@faultline/stack'
import { binaryVersions } from '@faultline/stack/binaries'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { faultlineStack } from '../../packages/stack/src/components/index.ts'
import { officialImages } from '../airgapped/src/images.ts'
import { REPOSITORY, type RenderedService, rendered } from './rendered.ts'

const OVERLAYS = {
  'as it is': [],
  'air-gapped': ['deploy/airgapped/docker-compose.yml'],
  'bring your own': ['deploy/compose/bring-your-own.yml'],
  'also to': ['deploy/compose/also-to.yml'],
  'with Alertmanager': ['deploy/compose/alertmanager.yml'],
}
const KIT = /^faultline\/kit$|^faultline-airgapped\/kit$/
const official = officialImages()
/** Ports of a container are never moved; what is kept between starts is plain processes' own. */
const HAS_DEFAULT =
  /^(?:(?:EDGE|LOKI|TEMPO|PYROSCOPE|PAGER|COLLECTOR_METRICS)_.*PORT|GF_(?:SERVER|PATHS)_.*|NODE_.*|HOST)$/
const isTask = (name: string): boolean => name.endsWith('-migrate') || name === 'volumes' || name === 'k6'

describe.each(Object.entries(OVERLAYS))('%s', (_name, overlays) => {
  const all = rendered(...overlays)
  const broken = async (
    rule: (service: RenderedService, name: string) => boolean,
  ): Promise<readonly string[]> =>
    [...(await all)].filter(([name, service]) => !rule(service, name)).map(([name]) => name)

  test('no container can become more than it is', async () => {
    expect(
      await broken(
        ({ cap_drop, security_opt, privileged, network_mode }) =>
          cap_drop?.join() === 'ALL' &&
          security_opt?.includes('no-new-privileges:true') === true &&
          privileged !== true &&
          network_mode === undefined,
      ),
    ).toEqual([])
  })

  test('only the edge adds a capability, the one that its program carries', async () => {
    expect(await broken(({ cap_add }, name) => (cap_add === undefined) !== (name === 'edge'))).toEqual([])
    expect((await all).get('edge')?.cap_add).toEqual(['NET_BIND_SERVICE'])
  })

  test('nobody is root, by number and not by the names of an image', async () => {
    expect(await broken(({ user }) => /^[1-9]\d*:\d+$/.test(user ?? ''))).toEqual([])
  })

  test('root file systems are read-only, and what is written goes to a volume or into memory', async () => {
    expect(await broken(({ read_only }) => read_only === true)).toEqual([])
    expect(
      await broken(({ volumes = [] }) =>
        volumes.every(({ type, read_only }) => type === 'volume' || read_only === true),
      ),
    ).toEqual([])
  })

  test('every mounted file is there, and none is the engine’s socket', async () => {
    const mounts = [...(await all).values()].flatMap(({ volumes = [] }) =>
      volumes.flatMap(({ type, source }) => (type === 'bind' ? [source ?? ''] : [])),
    )
    expect(mounts.length).toBeGreaterThan(5)
    expect(mounts.filter((path) => !existsSync(path) || path.endsWith('.sock'))).toEqual([])
  })

  test('memory, processes and logs have bounds', async () => {
    expect(
      await broken(({ mem_limit, pids_limit }) => Number(mem_limit) > 0 && (pids_limit ?? 0) > 0),
    ).toEqual([])
    expect(
      await broken(
        ({ logging }) =>
          logging?.driver === 'json-file' &&
          logging.options['max-size'] === '10m' &&
          logging.options['max-file'] === '3',
      ),
    ).toEqual([])
  })

  test('ports are on loopback only, each once', async () => {
    expect(await broken(({ ports = [] }) => ports.every(({ host_ip }) => host_ip === '127.0.0.1'))).toEqual(
      [],
    )
    const published = [...(await all).values()].flatMap(({ ports = [] }) =>
      ports.map(({ published: port, protocol }) => `${port}/${protocol}`),
    )
    expect(published.filter((port, index) => published.indexOf(port) !== index)).toEqual([])
  })

  test('what serves is started again when it ends, a task is not', async () => {
    expect(await broken(({ restart }, name) => restart === (isTask(name) ? 'no' : 'unless-stopped'))).toEqual(
      [],
    )
  })

  test('`up --wait` waits for ready, and ready asks every backend that runs', async () => {
    const services = await all
    const asked = (services.get('ready')?.environment?.READY_TARGETS ?? '')
      .split(' ')
      .map((target) => target.split('=')[0] ?? '')
    const backends = [...services].filter(([name, { image }]) => !KIT.test(image) || asked.includes(name))
    expect(asked.filter((name) => !services.has(name))).toEqual([])
    // what is not asked: what ready waits with, what only some run, and a cache that may be away
    expect(
      backends
        .map(([name]) => name)
        .filter((name) => !asked.includes(name) && !['alertmanager', 'edge', 'k6', 'valkey'].includes(name)),
    ).toEqual([])
    expect(services.get('ready')?.healthcheck?.test.join(' ')).toContain(':8090/readyz')
    for (const name of ['catalog-migrate']) {
      expect(services.get(name)?.depends_on?.ready?.condition).toBe('service_healthy')
    }
  })
})

describe('images', () => {
  test('are pinned to the version that deploy/images.json describes', async () => {
    const pinned = new Set(Object.values(official).map(({ image, version }) => `${image}:${version}`))
    const images = [...(await rendered()).values()]
      .map(({ image }) => image)
      .filter((image) => !KIT.test(image))
    expect(images.filter((image) => !pinned.has(image))).toEqual([])
    expect(await readFile(`${REPOSITORY}Dockerfile`, 'utf8')).toContain(
      `NODE_IMAGE=${official.node?.image}:${official.node?.version}`,
    )
  })

  test('have, or are given by the image of the kit, a folder of the right owner for each volume', async () => {
    const services = await rendered()
    const prepared = (services.get('volumes')?.volumes ?? []).map(({ source }) => source)
    const missing = [...services].flatMap(([name, { image, volumes = [], user }]) => {
      const found = Object.values(official).find((one) => `${one.image}:${one.version}` === image)
      if (found === undefined) return []
      return volumes
        .filter(({ type, source }) => type === 'volume' && !prepared.includes(source))
        .filter(({ target }) => {
          const folder = found.directories.find(({ path }) => path === target)
          return folder === undefined || !(folder.mode.endsWith('7') || folder.owner === user)
        })
        .map(({ target }) => `${name}: ${target}`)
    })
    expect(missing).toEqual([])
  })

  test('that differ from what is built without containers are known ones', () => {
    const built = binaryVersions()
    const differing = Object.entries(official)
      .filter(([name, { version }]) => name in built && built[name] !== version.replace(/^v/, ''))
      .map(([name, { version }]) => `${name}: image ${version}, built ${built[name]}`)
    // newer releases of Toxiproxy are not in its Go module's path
    expect(differing).toEqual(['toxiproxy: image 2.12.0, built 2.5.0'])
  })

  test('of the air-gapped overlay are all made here, and never pulled', async () => {
    const services = await rendered('deploy/airgapped/docker-compose.yml')
    const others = [...services].filter(
      ([, { image, pull_policy, build }]) =>
        !image.startsWith('faultline-airgapped/') || pull_policy !== 'never' || build !== undefined,
    )
    expect(others.map(([name]) => name)).toEqual([])
    expect(services.has('grafana')).toBe(false)
  })
})

test('every limit is at least 1.5 times the measured peak, and all peaks together stay below 3 GB', async () => {
  const services = await rendered('deploy/airgapped/docker-compose.yml')
  const peaks = Object.entries(
    z
      .record(z.string(), z.number())
      .parse(JSON.parse(await readFile(`${REPOSITORY}deploy/compose/memory.json`, 'utf8'))),
  )
  const limitMib = (name: string): number => Number(services.get(name)?.mem_limit ?? 0) / 1024 ** 2
  expect(peaks.filter(([name, peak]) => limitMib(name) < 1.5 * peak)).toEqual([])
  expect(peaks.reduce((sum, [, peak]) => sum + peak, 0)).toBeLessThan(3000)
  const serving = [...services.keys()].filter((name) => !isTask(name)).sort()
  expect(peaks.map(([name]) => name)).toEqual(serving)
})

test('what runs without containers runs in them too, with a value for every variable', async () => {
  const services = await rendered()
  const definition = faultlineStack(
    {
      layout: stateLayout('/state'),
      ports: portsAt(0),
      sloProfile: 'drill',
      collectorConfigs: [],
      installed: { tempo: true, pyroscope: true, grafana: false, valkey: true },
    },
    { bin: '/bin', data: '/data', version: '18', account: undefined },
  )
  const missing = definition.components.flatMap(({ name, command }) => {
    const variables = services.get(name)?.environment
    if (!services.has(name)) return [name]
    return Object.keys(command({ path: '/bin/x', version: '1', source: 'path' }).env)
      .filter((key) => !HAS_DEFAULT.test(key) && variables?.[key] === undefined)
      .map((key) => `${name}: ${key}`)
  })
  expect(missing).toEqual([])
})

test('the committed list of proxies is the one of the repository', async () => {
  expect(await readFile(`${REPOSITORY}deploy/compose/proxies.json`, 'utf8')).toBe(
    await composeProxies(`${REPOSITORY}backends/toxiproxy/proxies.json`),
  )
})

test('bring your own leaves out every backend', async () => {
  const names = [...(await rendered('deploy/compose/bring-your-own.yml')).keys()]
  expect(
    names.filter((name) => ['prometheus', 'loki', 'tempo', 'pyroscope', 'grafana', 'pager'].includes(name)),
  ).toEqual([])
  expect(names).toContain('collector')
})

test('k6 and Alertmanager run where they are asked for, and then Prometheus tells both', async () => {
  const [usual, both] = [await rendered(), await rendered('deploy/compose/alertmanager.yml')]
  const optional = [...usual].flatMap(([name, { profiles }]) =>
    profiles?.length ? [[name, ...profiles]] : [],
  )
  expect(optional.sort()).toEqual([
    ['alertmanager', 'alertmanager'],
    ['k6', 'load'],
  ])
  expect(both.get('alertmanager')?.profiles ?? []).toEqual([])
  const told = (services: typeof usual) => {
    const volumes = services.get('prometheus')?.volumes ?? []
    return volumes.find(({ target }) => target === '/etc/faultline/alertmanagers')?.source
  }
  expect(told(usual)).toBe(`${REPOSITORY}deploy/compose/alertmanagers/none`)
  expect(told(both)).toBe(`${REPOSITORY}deploy/compose/alertmanagers/alertmanager`)
})
