/** What the kit's own files become as plain processes. */
import { join } from 'node:path'
import { REPOSITORY_ROOT } from '@faultline/toolchain'
import { describe, expect, test } from 'vitest'
import { type StackDefinition, stopWaves } from '../src/component.ts'
import { stateLayout } from '../src/state/layout.ts'
import { commandOf, componentNamed, readStack } from './fixtures/kit.ts'

const ALL = ['tempo', 'pyroscope', 'grafana', 'valkey']
const OFFSET = 3_000
const inRepository = (path: string) => join(REPOSITORY_ROOT, path)

/** Everything that a component is given. */
const told = (stack: StackDefinition, name: string): readonly string[] => {
  const { args, env } = commandOf(stack, name)
  return [...args, ...Object.values(env)]
}

describe.each([
  ['with everything installed', ALL],
  ['with nothing installed', []],
])('%s', (_name, installed) => {
  const stack = readStack({ installed, portOffset: OFFSET })

  test('no component is given an address or a path that only a container has', async () => {
    const all = await stack
    const names = all.components.map(({ name }) => name).join('|')
    const foreign = new RegExp(
      `0\\.0\\.0\\.0|\\b(?<![\\w.-])(${names}):\\d|(?<![\\w./-])/(etc|var/lib|data|loki|prometheus|scripts)\\b`,
    )
    const found = all.components.flatMap(({ name }) =>
      told(all, name)
        .filter((text) => foreign.test(text))
        .map((text) => `${name}: ${text}`),
    )
    expect(found).toEqual([])
  })

  test('each port is one component’s, moved by the offset, and each address is such a port', async () => {
    const { components, addresses } = await stack
    const ports = components.flatMap(({ ports }) => ports.map(({ port }) => port))
    expect(new Set(ports).size).toBe(ports.length)
    expect(Math.min(...ports)).toBeGreaterThan(OFFSET)
    const listed = Object.values(addresses).map((address) => Number(address.replace('127.0.0.1:', '')))
    expect(listed.filter((port) => !ports.includes(port))).toEqual([])
    expect(addresses).toMatchObject({ 'gateway/admin': '127.0.0.1:12081', 'tempo/http': '127.0.0.1:6200' })
  })

  test('components can be put in order; what flushes stops first', async () => {
    const { components } = await stack
    expect(() => stopWaves(components)).not.toThrow()
    const waves = stopWaves(components)
    const wave = (name: string): number => waves.get(name) ?? Number.NaN
    const store = installed.length > 0 ? 'tempo' : 'embedded-store'
    expect(wave('edge')).toBeLessThan(wave('gateway'))
    expect(wave('gateway')).toBeLessThan(wave('collector'))
    expect(wave('collector')).toBeLessThan(wave('prometheus'))
    expect(wave('collector')).toBeLessThan(wave(store))
    expect(wave('booking')).toBeLessThan(wave('postgres'))
  })

  test('every service but a task is asked whether it is ready', async () => {
    const { components } = await stack
    const unasked = components.filter(({ kind, ready }) => (ready === undefined) !== (kind === 'task'))
    expect(unasked.map(({ name }) => name)).toEqual([])
  })
})

test('the shop waits for no backend, and its programs come first', async () => {
  const { components, binaries, milestones } = await readStack()
  const needed = new Set<string>()
  const visit = (name: string): void => {
    if (needed.has(name)) return
    needed.add(name)
    const { dependsOn } = componentNamed({ components } as StackDefinition, name)
    for (const dependency of dependsOn) visit(dependency)
  }
  for (const name of milestones.shop) visit(name)
  expect([...needed].filter((name) => /collector|prometheus|loki|store|pager|nats/.test(name))).toEqual([])
  expect(binaries).toEqual([
    'toxiproxy',
    'prometheus',
    'collector',
    'nats',
    'caddy',
    'loki',
    'k6',
    'promtool',
  ])
})

test('the edge starts when the gateway is ready, so that its first answer is none of 503', async () => {
  const stack = await readStack()
  expect(componentNamed(stack, 'edge').dependsOn).toEqual(['gateway'])
})

test('a stand-in takes the ports of what it stands in for', async () => {
  const stack = await readStack({ installed: ['tempo'] })
  const { ports } = componentNamed(stack, 'embedded-store')
  expect(ports).toEqual([{ port: 4040, purpose: 'http' }])
  expect(commandOf(stack, 'embedded-store').env).toMatchObject({ EMBEDDED_STORE_PYROSCOPE_PORT: '4040' })
  expect(commandOf(stack, 'embedded-store').env).not.toHaveProperty('EMBEDDED_STORE_TEMPO_PORT')
  expect(stack.components.map(({ name }) => name)).toContain('tempo')
  const alone = await readStack()
  const numbers = componentNamed(alone, 'embedded-store').ports.map(({ port }) => port)
  // the last is one that Tempo only exposes
  expect(numbers.sort()).toEqual([3200, 4040, 14318].sort())
  const both = await readStack({ installed: ['tempo', 'pyroscope'] })
  expect(both.components.map(({ name }) => name)).not.toContain('embedded-store')
})

test('without Grafana Loki looks for no patterns, which nobody would ask for', async () => {
  const pattern = async (installed: readonly string[]) =>
    commandOf(await readStack({ installed }), 'loki').env.LOKI_PATTERN_INGESTER
  expect(await pattern([])).toBeUndefined()
  expect(await pattern(['grafana'])).toBe('true')
})

test('without Valkey the catalog has no shared cache, and with it goes through its proxy', async () => {
  const url = async (installed: readonly string[]) =>
    commandOf(await readStack({ installed }), 'catalog-1').env.CACHE_URL
  expect(await url([])).toBeUndefined()
  expect(await url(['valkey'])).toBe('redis://127.0.0.1:16380')
})

test('the kit’s own programs start in the repository, others in their root, and see no path with a space', async () => {
  const layout = stateLayout('/a state, [1]')
  const stack = await readStack({ layout, installed: ALL })
  expect(commandOf(stack, 'payment-provider')).toMatchObject({
    cwd: REPOSITORY_ROOT,
    env: { DATA_FILE: '/a state, [1]/root/payment-provider/data/charges.sqlite' },
  })
  expect(commandOf(stack, 'nats')).toMatchObject({
    cwd: '/a state, [1]/root/nats',
    args: ['--config', 'etc/nats/nats.conf'],
    env: { NATS_DATA_DIR: 'data', NATS_LISTEN: '127.0.0.1:4222' },
  })
  const kits = ['postgres', 'grafana']
  const spaced = stack.components
    .filter(({ name, binary }) => binary !== undefined && !kits.includes(name))
    .flatMap(({ name }) => told(stack, name).filter((text) => text.includes(layout.root)))
  expect(spaced).toEqual([])
})

test('PostgreSQL is started with the words of the file, and the settings that it mounts', async () => {
  const { args } = commandOf(await readStack({ portOffset: OFFSET }), 'postgres')
  expect(args).toEqual([
    ...['-D', '/state/data/postgres'],
    ...['-c', 'listen_addresses=127.0.0.1', '-c', 'port=8432', '-c', 'unix_socket_directories='],
  ])
})

test('the SLO profile and collector configurations are those asked for', async () => {
  const stack = await readStack({
    variables: { FAULTLINE_SLO_PROFILE: 'production' },
    collectorConfigs: ['/my own.yaml'],
  })
  expect(commandOf(stack, 'prometheus').args[0]).toMatch(/prometheus\.production\.yaml$/)
  expect(commandOf(stack, 'collector').args.at(-1)).toBe('--config=/my own.yaml')
})

describe('overlays', () => {
  test('bring your own: the shop and the collector, without stand-ins', async () => {
    const stack = await readStack({
      overlays: [inRepository('deploy/compose/bring-your-own.yml')],
      variables: { OTLP_ENDPOINT: 'http://host.docker.internal:4999' },
    })
    const names = stack.components.map(({ name }) => name)
    expect(names).toContain('ticketing')
    expect(names.filter((name) => /loki|prometheus|store|tempo|pyroscope|pager|grafana/.test(name))).toEqual(
      [],
    )
    expect(commandOf(stack, 'collector')).toMatchObject({
      args: expect.arrayContaining(['--config=etc/faultline/bring-your-own/collector.yaml']),
      env: { OTLP_ENDPOINT: 'http://127.0.0.1:4999' },
    })
    expect(stack.addresses).not.toHaveProperty('prometheus/http')
  })

  test('an Alertmanager of one’s own', async () => {
    const stack = await readStack({ overlays: [inRepository('deploy/compose/alertmanager.yml')] })
    expect(componentNamed(stack, 'alertmanager')).toMatchObject({ binary: 'alertmanager' })
  })

  test('closed: the same processes, on loopback as ever', async () => {
    const closed = await readStack({ overlays: [inRepository('deploy/compose/closed.yml')] })
    expect(closed.components.map(({ name }) => name)).toEqual(
      (await readStack()).components.map(({ name }) => name),
    )
  })
})
