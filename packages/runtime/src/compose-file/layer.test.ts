// biome-ignore-all lint/suspicious/noTemplateCurlyInString: compose writes its variables so
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { interpolate, merge } from './layer.ts'
import { plain, type Tree } from './tree.ts'

const VARIABLES = { SET: 'set', EMPTY: '', UNSET: undefined }
const variableName = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/).filter((text) => text !== '__proto__')
const withoutDollar = fc.string().map((text) => text.replaceAll('$', ''))

test.each([
  ['$SET', 'set'],
  ['${SET}', 'set'],
  ['a$SET-b', 'aset-b'],
  ['${EMPTY}', ''],
  ['${SET:-other}', 'set'],
  ['${EMPTY:-other}', 'other'],
  ['${EMPTY-other}', ''],
  ['${UNSET-other}', 'other'],
  ['${UNSET:-}', ''],
  ['${SET:+other}', 'other'],
  ['${EMPTY:+other}', ''],
  ['${EMPTY+other}', 'other'],
  ['${UNSET+other}', ''],
  ['${SET:?why}', 'set'],
  ['${EMPTY?why}', ''],
  ['${UNSET:-${EMPTY:-${SET}}}!', 'set!'],
  ['${SET:+,${SET:-}}', ',set'],
  ['${UNSET:-a:-b}', 'a:-b'],
  ['${UNSET:-{"a":1}}', '{"a":1}'],
  ['${UNSET:-}}', '}'],
  ['$$SET $${SET} $$$SET', '$SET ${SET} $set'],
  ['costs 5$, $5 and $', 'costs 5$, $5 and $'],
])('%s is %j', (text, filled) => {
  expect(interpolate(text, VARIABLES)).toBe(filled)
})

test.each([
  ['${UNSET}', 'the variable UNSET has no value: set it, or write ${UNSET:-} where it may be empty'],
  ['$UNSET', 'the variable UNSET has no value: set it, or write ${UNSET:-} where it may be empty'],
  ['${UNSET:?set it to a URL}', 'the variable UNSET must be set: set it to a URL'],
  ['${EMPTY:?}', 'the variable EMPTY must be set'],
  ['${SET:-${UNSET:?why}}', 'the variable UNSET must be set: why'],
  ['${}', '${} is no variable: write $$ for a $ that begins none'],
  ['${1A}', '${1A} is no variable: write $$ for a $ that begins none'],
  ['${SET', '${SET is no variable: write $$ for a $ that begins none'],
  ['${SET:-a', '${SET:-a is no variable: write $$ for a $ that begins none'],
  ['${SET:x}', '${SET:x} is no variable: write $$ for a $ that begins none'],
])('%s is an error', (text, message) => {
  expect(() => interpolate(text, VARIABLES)).toThrow(new Error(message))
})

describe('for any text', () => {
  test('without a $ nothing changes', () => {
    fc.assert(
      fc.property(withoutDollar, (text) => {
        expect(interpolate(text, {})).toBe(text)
      }),
    )
  })

  test('doubled, every $ stays', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(
          interpolate(
            text.replaceAll('$', () => '$$'),
            {},
          ),
        ).toBe(text)
      }),
    )
  })

  test('a variable is its value, whatever is in it, between what is around it', () => {
    fc.assert(
      fc.property(
        withoutDollar,
        variableName,
        fc.string(),
        withoutDollar,
        (before, variable, value, after) => {
          expect(interpolate(`${before}\${${variable}}${after}`, { [variable]: value })).toBe(
            before + value + after,
          )
        },
      ),
    )
  })

  test('a default is taken exactly where there is no value', () => {
    const simple = fc.stringMatching(/^[^${}\n]*$/)
    fc.assert(
      fc.property(
        variableName,
        simple,
        fc.option(fc.string(), { nil: undefined }),
        (variable, fallback, value) => {
          const variables = { [variable]: value }
          expect(interpolate(`\${${variable}-${fallback}}`, variables)).toBe(value ?? fallback)
          expect(interpolate(`\${${variable}:-${fallback}}`, variables)).toBe(value || fallback)
        },
      ),
    )
  })
})

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
