/** What docker-compose.yml says once it is rendered, with and without overlays. */
import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  AIR_GAPPED,
  bindMounts,
  KIT,
  OVERLAYS,
  REPOSITORY,
  type RenderedService,
  rendered,
  targetsOf,
} from './rendered.ts'

const isTask = (name: string): boolean => name.endsWith('-migrate') || name === 'kit' || name === 'k6'

describe.each(Object.entries(OVERLAYS))('%s', (_name, overlays) => {
  const all = rendered(overlays)
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

  test('what is mounted is there, a folder, and not the engine’s socket', async () => {
    const mounts = [...(await all).values()].flatMap(bindMounts).map(({ source = '' }) => source)
    expect(mounts.length).toBeGreaterThan(5)
    // a file would be the one of the start for ever, where an editor has put another in its place
    expect(mounts.filter((path) => !statSync(path, { throwIfNoEntry: false })?.isDirectory())).toEqual([])
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

  test('what serves is started again when it ends, a task is not', async () => {
    expect(await broken(({ restart }, name) => restart === (isTask(name) ? 'no' : 'unless-stopped'))).toEqual(
      [],
    )
  })

  test('one service builds the image of the kit, all others wait for it and pull nothing', async () => {
    const ofTheKit = [...(await all)].filter(([, { image }]) => image === KIT)
    expect(ofTheKit.length).toBeGreaterThan(10)
    expect(ofTheKit.filter(([, { pull_policy }]) => pull_policy !== 'never').map(([name]) => name)).toEqual(
      [],
    )
    const waiting = ofTheKit.filter(
      ([, { depends_on }]) => depends_on?.kit?.condition === 'service_completed_successfully',
    )
    expect(ofTheKit.map(([name]) => name).filter((name) => name !== 'kit')).toEqual(
      waiting.map(([name]) => name),
    )
    const images = [...(await all)].filter(([, { build }]) => build !== undefined).map(([name]) => name)
    expect(images).toEqual(overlays.includes(AIR_GAPPED) ? [] : ['kit'])
  })

  test('the shop waits for what it needs, and for nothing of the telemetry', async () => {
    const services = await all
    const needs = (name: string): string[] => {
      const direct = Object.keys(services.get(name)?.depends_on ?? {})
      return [...new Set([...direct, ...direct.flatMap(needs)])].sort()
    }
    // a migration may be granted rights on the catalog's tables
    const may = ['kit', 'postgres', 'catalog-migrate']
    for (const [name, { environment = {} }] of services) {
      const migration = `${name.replace(/-\d+$/, '')}-migrate`
      const [must, most] =
        'DATABASE_OWNER_URL' in environment
          ? [['postgres'], may]
          : 'DATABASE_URL' in environment
            ? [
                ['postgres', 'toxiproxy', migration],
                [...may, 'toxiproxy', migration],
              ]
            : [[], ['kit']]
      expect(needs(name), name).toEqual(expect.arrayContaining(must))
      expect(most, name).toEqual(expect.arrayContaining(needs(name)))
    }
  })

  test('no outage of minutes makes `up --wait`, which is to mend it, give up', async () => {
    const checks = [...(await all).values()].flatMap(({ healthcheck }) => healthcheck ?? [])
    expect(checks.length).toBeGreaterThan(5)
    const seconds = (text = '') => Number(/^(\d+)s$/.exec(text)?.[1])
    expect(checks.filter(({ interval, retries }) => !(seconds(interval) * retries >= 300))).toEqual([])
  })

  test('`up --wait` waits for ready, and ready asks every backend that runs', async () => {
    const services = await all
    const asked = targetsOf(services.get('ready')).map(([name]) => name)
    const backends = [...services].filter(([name, { image }]) => image !== KIT || asked.includes(name))
    expect(asked.filter((name) => !services.has(name) && !name.startsWith('grafana-'))).toEqual([])
    // what only some run is not asked
    expect(
      backends
        .map(([name]) => name)
        .filter((name) => !asked.includes(name) && !['alertmanager', 'k6'].includes(name)),
    ).toEqual([])
    expect(services.get('ready')?.healthcheck?.test.join(' ')).toContain(':8090/readyz')
  })
})

test('every limit is at least 1.5 times the measured peak, and all peaks together stay below 3 GB', async () => {
  const services = await rendered([AIR_GAPPED])
  const peaks = Object.entries(
    z
      .record(z.string(), z.number())
      .parse(JSON.parse(await readFile(`${REPOSITORY}deploy/compose/memory.json`, 'utf8'))),
  )
  const limitMib = (name: string): number => Number(services.get(name)?.mem_limit ?? 0) / 1024 ** 2
  expect(peaks.filter(([name, peak]) => limitMib(name) < 1.5 * peak)).toEqual([])
  expect(peaks.reduce((sum, [, peak]) => sum + peak, 0)).toBeLessThan(3000)
  expect(peaks.length).toBeGreaterThan(15)
})

test('bring your own leaves out every backend', async () => {
  const names = [...(await rendered(['deploy/compose/bring-your-own.yml'])).keys()]
  expect(
    names.filter((name) => ['prometheus', 'loki', 'tempo', 'pyroscope', 'grafana', 'pager'].includes(name)),
  ).toEqual([])
  expect(names).toContain('collector')
})

test('k6 and Alertmanager run where they are asked for, and then Prometheus tells both', async () => {
  const [usual, both] = [await rendered(), await rendered(['deploy/compose/alertmanager.yml'])]
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
