// biome-ignore-all lint/suspicious/noTemplateCurlyInString: compose writes its variables so
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { interpolate } from './interpolate.ts'

const VARIABLES = { SET: 'set', EMPTY: '', UNSET: undefined }
const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/).filter((text) => text !== '__proto__')
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
      fc.property(withoutDollar, name, fc.string(), withoutDollar, (before, variable, value, after) => {
        expect(interpolate(`${before}\${${variable}}${after}`, { [variable]: value })).toBe(
          before + value + after,
        )
      }),
    )
  })

  test('a default is taken exactly where there is no value', () => {
    const simple = fc.stringMatching(/^[^${}\n]*$/)
    fc.assert(
      fc.property(name, simple, fc.option(fc.string(), { nil: undefined }), (variable, fallback, value) => {
        const variables = { [variable]: value }
        expect(interpolate(`\${${variable}-${fallback}}`, variables)).toBe(value ?? fallback)
        expect(interpolate(`\${${variable}:-${fallback}}`, variables)).toBe(value || fallback)
      }),
    )
  })
})
