import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { ComponentDefinition, StackDefinition } from '../component.ts'
import { assertAcyclic, stopWaves } from '../graph.ts'
import { portsAt } from '../ports.ts'
import { stateLayout } from '../state/layout.ts'
import type { StackContext } from './context.ts'
import { faultlineStack } from './index.ts'

const layout = stateLayout('/state')
const place = { bin: '/pg/bin', data: '/pg/data', version: '18', account: undefined }
const none = { tempo: false, pyroscope: false, grafana: false, valkey: false }
const all = { tempo: true, pyroscope: true, grafana: true, valkey: true }

function stack(installed: StackContext['installed'], more: Partial<StackContext> = {}): StackDefinition {
  const context = {
    layout,
    ports: portsAt(30),
    sloProfile: 'drill' as const,
    collectorConfigs: [],
    installed,
    ...more,
  }
  return faultlineStack(context, place)
}

const named = ({ components }: StackDefinition, name: string): ComponentDefinition => {
  const found = components.find((component) => component.name === name)
  if (found === undefined) throw new Error(`no component ${name}`)
  return found
}

const executable = { path: '/usr/bin/program', version: '1', source: 'path' }

test.each([none, all])('dependencies exist, have no cycle, and no port is used twice (%o)', (installed) => {
  const { components } = stack(installed)
  assertAcyclic(components)
  const ports = components.flatMap((component) => component.ports.map(({ port }) => port))
  expect(new Set(ports).size).toBe(ports.length)
})

test('the embedded store serves what is not installed, and only that', () => {
  const served = (installed: StackContext['installed']): string | undefined => {
    const { components } = stack(installed)
    const store = components.find(({ name }) => name === 'embedded-store')
    return store?.command(executable).env.EMBEDDED_STORE_SERVE
  }
  expect(served(none)).toBe('tempo,pyroscope')
  expect(served({ ...none, tempo: true })).toBe('pyroscope')
  expect(served({ ...none, pyroscope: true })).toBe('tempo')
  expect(served(all)).toBeUndefined()
})

test('services start without the collector but stop before it, and it before the backends', () => {
  const definition = stack(none)
  const waves = stopWaves(definition.components)
  const wave = (name: string): number => waves.get(name) ?? Number.NaN
  for (const service of ['gateway', 'catalog-1', 'catalog-2']) {
    expect(named(definition, service).dependsOn).not.toContain('collector')
    expect(named(definition, service).flushesTo).toContain('collector')
    expect(wave('collector')).toBeGreaterThan(wave(service))
  }
  for (const backend of ['prometheus', 'loki', 'embedded-store']) {
    expect(wave(backend)).toBeGreaterThan(wave('collector'))
  }
})

test('the shop needs two quick builds; binaries that no component runs come last', () => {
  const { binaries } = stack(none)
  expect(binaries).toEqual([
    'toxiproxy',
    'nats',
    'prometheus',
    'collector',
    'loki',
    'caddy',
    'k6',
    'promtool',
  ])
})

test('every hop behind the gateway goes through Toxiproxy', () => {
  const definition = stack(none)
  const env = (name: string): Readonly<Record<string, string>> =>
    named(definition, name).command(executable).env
  expect(env('gateway').CATALOG_URLS).toBe('http://127.0.0.1:18112,http://127.0.0.1:18113')
  expect(env('catalog-1').DATABASE_URL).toBe(
    'postgres://catalog_service:catalog_service@127.0.0.1:15462/box_office',
  )
  expect(env('catalog-migrate').DATABASE_OWNER_URL).toBe(
    'postgres://postgres:postgres@127.0.0.1:5462/box_office',
  )
})

test('the users own collector configurations follow the one of the kit, in their order', () => {
  const definition = stack(none, { collectorConfigs: ['/one.yaml', '/two.yaml'] })
  const { args } = named(definition, 'collector').command(executable)
  expect(args.filter((arg) => arg.startsWith('--config='))).toEqual([
    expect.stringMatching(/collector\/collector\.yaml$/),
    '--config=/one.yaml',
    '--config=/two.yaml',
  ])
})

test.each(['drill', 'production'] as const)(
  'every file that the %s profile points at exists',
  (sloProfile) => {
    const { components } = stack(all, { sloProfile })
    const files = components
      .filter(({ name }) => name !== 'grafana')
      .flatMap((component) => component.command(component.executable ?? executable).args)
      .map((arg) => arg.replace(/^-+[a-z.]+=/, ''))
      // rendered ones are there only once it has started
      .filter((arg) => /\.(yaml|ts)$/.test(arg) && !arg.startsWith(layout.config))
    expect(files.length).toBeGreaterThan(8)
    expect(files.filter((file) => !existsSync(file))).toEqual([])
  },
)
