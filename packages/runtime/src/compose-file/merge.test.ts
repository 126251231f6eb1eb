import fc from 'fast-check'
import { expect, test } from 'vitest'
import { merge } from './merge.ts'
import { plain, type Tree } from './tree.ts'

const at = { file: '/compose.yml', line: 1 }
function tree(value: unknown): Tree {
  if (Array.isArray(value)) return { at, value: value.map(tree) }
  if (typeof value !== 'object' || value === null) return { at, value: value as Tree['value'] }
  return { at, value: new Map(Object.entries(value).map(([key, entry]) => [key, tree(entry)])) }
}

/** Files over one another, the first one first. */
function merged(...files: readonly unknown[]): unknown {
  const report = (): never => expect.unreachable()
  return plain(files.map(tree).reduce((before, over) => merge(before, over, report), tree({})))
}

const name = fc.constantFrom('a', 'b', 'c', 'd')
const number = fc.integer({ min: 1, max: 5 })
const port = fc.record(
  {
    name,
    target: number,
    published: number,
    host_ip: fc.constantFrom('::1'),
    protocol: fc.constantFrom('udp'),
  },
  { requiredKeys: ['name', 'target'] },
)
const volume = fc.record({
  type: fc.constant('volume'),
  source: name,
  target: name.map((text) => `/${text}`),
})
const service = fc.record(
  {
    image: fc.string(),
    command: fc.array(fc.string(), { maxLength: 3 }),
    environment: fc.dictionary(name, fc.option(fc.string())),
    ports: fc.array(port, { maxLength: 4 }),
    expose: fc.array(number, { maxLength: 4 }),
    volumes: fc.array(volume, { maxLength: 4 }),
    depends_on: fc.dictionary(name, fc.constant({})),
    profiles: fc.array(name, { maxLength: 4 }),
  },
  { requiredKeys: [] },
)
const file = fc.record({ services: fc.dictionary(name, service) })

test('over a file, one that says nothing changes nothing', () => {
  fc.assert(
    fc.property(file, fc.constantFrom({}, { services: {} }, { services: null }), (one, nothing) => {
      expect(merged(one, nothing)).toEqual(merged(one))
    }),
  )
})

test('over itself, a file changes nothing', () => {
  fc.assert(
    fc.property(file, (one) => {
      expect(merged(one, one)).toEqual(merged(one))
    }),
  )
})

test('several files are the same however they are grouped', () => {
  fc.assert(
    fc.property(file, file, file, (one, two, three) => {
      expect(merged(one, merged(two, three))).toEqual(merged(merged(one, two), three))
    }),
  )
})

test('of what two files say, the later counts, and what only one says stays', () => {
  fc.assert(
    fc.property(service, service, (one, two) => {
      const both = { ...one, ...two }
      const { image, command, environment, profiles = [] } = both
      const { services } = merged({ services: { s: one } }, { services: { s: two } }) as {
        services: { s: typeof one }
      }
      expect({ image: services.s.image, command: services.s.command }).toEqual({ image, command })
      expect(services.s.environment).toEqual(environment && { ...one.environment, ...two.environment })
      expect(new Set(services.s.profiles)).toEqual(new Set([...(one.profiles ?? []), ...profiles]))
    }),
  )
})
