import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as conventions from '@opentelemetry/semantic-conventions/incubating'
import { describe, expect, it } from 'vitest'
import { REFERENCE_PATH, referencePage } from './reference.ts'
import { groups, metricsOf, nameOf, ROOT, readGroups } from './registry.ts'
import { SIGNALS_PATH, signalsModule } from './signals.ts'

const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8')
const attributes = groups.flatMap((group) => group.attributes)
const defined = attributes.filter((each) => 'id' in each).map(nameOf)

describe('the registry', () => {
  it.each([
    [SIGNALS_PATH, signalsModule],
    [REFERENCE_PATH, referencePage],
  ])('%s is what npm run telemetry:generate writes', (path, content) => {
    expect(read(path)).toBe(content())
  })

  it.each([
    ['nothing', ''],
    ['no YAML', 'groups: ['],
    ['an unknown instrument', 'groups: [{ id: metric.a, type: metric, metric_name: a, instrument: meter }]'],
  ])('refuses %s by the name of the file', (_, text) => {
    expect(() => readGroups(text, 'mine.yaml')).toThrow('telemetry/registry/mine.yaml')
  })

  it('refers to attributes that it defines, or that the upstream conventions do', () => {
    const upstream = Object.entries(conventions).flatMap(([name, value]) =>
      name.startsWith('ATTR_') ? [String(value)] : [],
    )
    const known = new Set([...defined, ...upstream])
    const unknown = attributes.map(nameOf).filter((name) => !known.has(name))
    expect(unknown).toEqual([])
  })

  it('defines what it uses, once', () => {
    const used = new Set(attributes.filter((each) => 'ref' in each).map(nameOf))
    expect(defined.filter((name) => !used.has(name))).toEqual([])
    for (const names of [
      groups.map(({ id }) => id),
      defined,
      metricsOf(groups).map(({ storedName }) => storedName),
    ]) {
      expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
    }
  })

  it('has the security events that the code logs, and no others', () => {
    const sources = ['packages/service-kit/src/**/*.ts', 'services/*/src/**/*.ts'].flatMap((pattern) =>
      globSync(pattern, { cwd: fileURLToPath(ROOT) }).filter((path) => !path.endsWith('.test.ts')),
    )
    const logged = sources.flatMap((path) =>
      [...read(path).matchAll(/'event\.name': '([^']+)'/g)].map(([, name]) => name),
    )
    const registered = groups.flatMap((group) => (group.type === 'event' ? [group.name] : []))
    expect([...new Set(logged)].sort()).toEqual(registered.sort())
  })
})
