import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decoded, TestPipeline } from '../../test/logs/pipeline.ts'

const cycle: Record<string, unknown> = { name: 'cycle' }
cycle.self = { cycle, list: [cycle] }
const deep = Array.from({ length: 20_000 }).reduce<object>((inner) => ({ inner }), {})
const frozen = Object.freeze(new RangeError('frozen'))
const throwing = {
  get secret(): never {
    throw new Error('getter')
  },
}
const hostile: readonly unknown[] = [
  cycle,
  deep,
  frozen,
  throwing,
  { nested: throwing, plain: 1 },
  {
    toJSON: () => {
      throw new Error('toJSON')
    },
  },
  { nested: { toJSON: () => undefined } },
  { big: 2n ** 80n, nested: { big: [1n] } },
  {
    toString: () => {
      throw new Error('toString')
    },
  },
  {
    err: Object.defineProperty(Object.assign(new Error('own'), { cause: cycle, big: 1n }), 'more', {
      enumerable: true,
      get: () => {
        throw new Error('more')
      },
    }),
  },
  {
    method: 'GET',
    headers: {},
    get socket(): never {
      throw new Error('socket')
    },
  },
  new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('ownKeys')
      },
    },
  ),
  new Proxy(
    {},
    {
      get: () => {
        throw new Error('get')
      },
    },
  ),
  Object.create(null),
  JSON.parse('{"__proto__":{"polluted":true},"constructor":"x"}'),
  { date: new Date(Number.NaN), map: new Map([[1, 2]]), symbol: Symbol('s'), fn: () => 1 },
  Symbol('s'),
  () => 1,
  2n,
  null,
  undefined,
]

describe('a log call', () => {
  it('never throws and never costs another line, whatever it gets', () => {
    const value = fc.oneof(fc.constantFrom(...hostile), fc.anything({ withBigInt: true, withDate: true }))
    fc.assert(
      fc.property(
        value,
        value,
        fc.constantFrom('hello', 'see %o and %s', undefined),
        (first, second, message) => {
          const test = new TestPipeline()
          const log = (...args: unknown[]) =>
            (test.pipeline.logger.info as (...all: unknown[]) => void)(...args)
          log('before')
          log(first, message, second)
          log({ field: second }, message)
          log('after')
          const bodies = test.records.map((each) => decoded(each).body)
          expect(bodies).toHaveLength(4)
          expect(bodies[0]).toBe('before')
          expect(bodies[3]).toBe('after')
        },
      ),
    )
  })

  it.each([
    [
      'a getter that throws',
      {
        plain: 1,
        get secret(): never {
          throw new Error('getter')
        },
      },
      {
        plain: 1,
        secret: '[unreadable]',
      },
    ],
    ['a frozen error', { err: frozen }, { 'exception.type': 'RangeError', 'exception.message': 'frozen' }],
  ])('with %s keeps the rest', (_name, fields, attributes) => {
    const test = new TestPipeline()
    test.pipeline.logger.info(fields, 'hello')
    expect(decoded(test.take())).toMatchObject({ body: 'hello', attributes })
  })

  it('with fields of any depth arrives', () => {
    const test = new TestPipeline()
    let nested: object = {}
    for (let depth = 1; depth <= 12_000; depth += 1) {
      nested = { nested }
      if (depth % 500 === 0) test.pipeline.logger.info(nested, 'deep')
    }
    expect(test.records).toHaveLength(24)
    for (const record of test.records) expect(decoded(record).body).toContain('deep')
  })

  it('does not fail for a hook, mixin, serializer or processor that does', () => {
    const fail = (): never => {
      throw new Error('mine')
    }
    const failing = { onEmit: fail, forceFlush: () => Promise.resolve(), shutdown: () => Promise.resolve() }
    for (const test of [
      new TestPipeline({ pino: { hooks: { logMethod: fail } } }),
      new TestPipeline({ pino: { mixin: fail } }),
      new TestPipeline({ pino: { serializers: { seat: fail } } }),
      new TestPipeline({}, [failing]),
    ]) {
      test.pipeline.logger.info({ seat: 1 }, 'hello')
      expect(decoded(test.take()).body).toBe('hello')
    }
  })

  it('from within a processor does not go round in circles', () => {
    let calls = 0
    const test: TestPipeline = new TestPipeline({}, [
      {
        onEmit: () => {
          calls += 1
          test.pipeline.logger.info('exporting')
        },
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ])
    test.pipeline.logger.info('hello')
    expect(calls).toBe(1)
    expect(test.records).toHaveLength(1)
  })
})
