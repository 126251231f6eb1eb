import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { numberLiteral, printTraceql, queries } from '../../../test/support/traceql.ts'
import { type Expression, type Spanset, TraceqlError } from './ast.ts'
import { parseTraceql } from './parser.ts'

test('a printed query parses to the same tree', { timeout: 60_000 }, () => {
  const names = fc.string({ minLength: 1, unit: 'grapheme' })
  const texts = fc.string({ unit: 'grapheme' })
  fc.assert(
    fc.property(queries({ names, texts, numbers: numberLiteral }), (query) => {
      expect(parseTraceql(printTraceql(query))).toEqual(query)
    }),
    { numRuns: 1000 },
  )
})

test('any text is either parsed or refused with a column inside it', { timeout: 60_000 }, () => {
  const pieces = fc.constantFrom(
    ...[
      '{',
      '}',
      '(',
      ')',
      '&&',
      '||',
      '!',
      '=',
      '!=',
      '=~',
      '<',
      '|',
      '"a"',
      '.a',
      'span.b',
      'name',
      '1',
      '2ms',
    ],
    ...['nil', 'true', 'error', 'server', '-', '+', 'parent.x', 'with', '`r`', '"', '\\', '\u00e9', ' '],
  )
  const text = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 12 }).map((list) => list.join(' ')),
  )
  fc.assert(
    fc.property(text, (query) => {
      try {
        parseTraceql(query)
      } catch (error) {
        if (!(error instanceof TraceqlError)) throw error
        expect(error.column).toBeGreaterThanOrEqual(1)
        expect(error.column).toBeLessThanOrEqual(query.length + 1)
      }
    }),
    { numRuns: 2000 },
  )
})

function conditionOf(query: string): Expression {
  const parsed: Spanset = parseTraceql(query)
  if (parsed.kind !== 'filter') throw new Error('one filter expected')
  return parsed.expression
}

describe('values', () => {
  test.each([
    ['1h30m', 'duration', 5_400e9],
    ['100ms', 'duration', 100e6],
    ['1.5s', 'duration', 1.5e9],
    ['3us', 'duration', 3e3],
    ['-2s', 'duration', -2e9],
    ['42', 'integer', 42],
    ['42.0', 'double', 42],
    ['-4.5', 'double', -4.5],
    ['.5', 'double', 0.5],
    ['"a\\"b\\n\\u00e9"', 'string', 'a"b\né'],
    ['`a\\d`', 'string', 'a\\d'],
    ['true', 'boolean', true],
  ])('%s', (text, type, value) => {
    expect(conditionOf(`{ .x = ${text} }`)).toMatchObject({ right: { kind: 'literal', type, value } })
  })
})

describe('fields', () => {
  test.each([
    ['.http.route', { kind: 'attribute', scope: 'any', name: 'http.route' }],
    ['span.a-b/c', { kind: 'attribute', scope: 'span', name: 'a-b/c' }],
    ['resource.service.name', { kind: 'attribute', scope: 'resource', name: 'service.name' }],
    ['span."two words"', { kind: 'attribute', scope: 'span', name: 'two words' }],
    ['."say \\"hi\\""', { kind: 'attribute', scope: 'any', name: 'say "hi"' }],
    ['span:duration', { kind: 'intrinsic', name: 'duration' }],
    ['trace:rootService', { kind: 'intrinsic', name: 'rootServiceName' }],
    ['trace:id', { kind: 'intrinsic', name: 'trace:id' }],
  ])('%s', (text, field) => {
    expect(conditionOf(`{ ${text} != nil }`)).toEqual({ kind: 'exists', operand: field })
  })
})

test('&& and || bind equally, from the left, as in the grammar of Tempo', () => {
  expect(conditionOf('{ true || false && false }')).toEqual({ kind: 'constant', value: false })
  expect(conditionOf('{ .a = 1 || .b = 2 && .c = 3 }')).toMatchObject({
    operator: '&&',
    left: { operator: '||' },
  })
  expect(parseTraceql('{} || {} && {}')).toMatchObject({ operator: '&&', left: { operator: '||' } })
})

test('{} selects every span', () => {
  expect(conditionOf('{}')).toEqual({ kind: 'constant', value: true })
})

describe('what is not supported is named, with its column', () => {
  test.each([
    ['{ } | rate()', 'pipeline "| rate"', 5],
    ['{ } | count() > 2', 'pipeline "| count"', 5],
    ['{ .a = 1 } >> { .b = 1 }', 'structural operator ">>"', 12],
    ['({ .a = 1 } > { .b = 1 })', 'structural operator ">"', 13],
    ['{ } !~ { }', 'structural operator "!~"', 5],
    ['{ } with (most_recent=true)', 'query hint "with"', 5],
    ['{ .a + 1 > 2 }', 'arithmetic operator "+"', 6],
    ['{ parent.a = 1 }', 'attribute scope "parent."', 3],
    ['{ event.a = 1 }', 'attribute scope "event."', 3],
    ['{ nestedSetParent < 0 }', '"nestedSetParent"', 3],
    ['{ event:name = "a" }', '"event:name"', 3],
    ['{ span:childCount > 1 }', '"span:childCount"', 3],
    ['count() > 1', '"count" outside of braces', 1],
    ['{ nil = .a }', 'nil on the left of an operator', 3],
    ['{ .a = nil }', '"= nil"', 6],
    ['{ !(.a = 1) }', 'negation "!" (use "!=" or "!~")', 3],
    ['{ .a }', 'an attribute by itself (write "= true")', 3],
    ['{ 1 = .a }', 'a value before "="', 3],
    ['{ .a = .b }', 'anything but a value behind "="', 6],
    ['{ true || .a = 1 }', '"true" or "false" beside another condition', 8],
  ])('%s', (query, named, column) => {
    expect(() => parseTraceql(query)).toThrow(
      `column ${column}: ${named} is not supported by the embedded store`,
    )
  })
})

describe('what is wrong is refused', () => {
  test.each([
    ['', 'column 1: unexpected end of query, "{" expected'],
    ['{ .a = }', 'column 8: unexpected "}", attribute, intrinsic or value expected'],
    ['{ .a = "x }', 'column 8: string is not closed'],
    ['{ .a = "x" } {', 'column 14: unexpected "{", end of query expected'],
    ['{ .a =~ "(" }', 'column 6: invalid regular expression'],
    ['{ .a =~ 1 }', 'column 6: "=~" needs a string'],
    ['{ status > error }', 'column 10: ">" cannot order'],
    ['{ duration = "x" }', 'column 12: "=" compares a number with a string'],
    ['{ status = server }', 'column 10: "=" compares a status with a kind'],
    ['{ name = nil }', 'column 8: name cannot be nil'],
    ['{ 1 }', 'column 3: a condition is expected, this is a number'],
    ['{ .a = 1 && "x" }', 'column 13: a condition is expected'],
    ['{ . = 1 }', 'column 4: attribute name expected'],
    ['{ @ }', 'column 3: unexpected character "@"'],
  ])('%s', (query, message) => {
    expect(() => parseTraceql(query)).toThrow(message)
  })
})
