import { readFile } from 'node:fs/promises'
import { attributes, logRecord, logs, plain, send, span, traces } from '@faultline/test-support/otlp'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { CONFIGURATION, Collector } from './support/collector.ts'
import { Sink } from './support/sink.ts'

/** Made-up secrets; the part between the bars is what must not leave. */
const SECRETS = {
  'card number': 'paid with |4111 1111 1111 1111| today',
  'card number without spaces': 'paid with |5500005555555559|',
  'American Express': '|371449635398431|',
  'bearer token': 'Authorization: Bearer |s3cr3t-t0ken.value|',
  'JSON Web Token': 'token |eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl| refused',
  'password in a text': 'login failed: password=|hunter2hunter2| for user 7',
  'password with blanks in JSON': '{"user":1,"password":"|correct horse battery|"}',
  'password in JSON inside JSON': '{"body":"{\\"password\\":\\"|battery staple 9|\\"}"}',
  'access token in JSON': '{"accessToken": "|9f86d081884c7d65|", "expires": 60}',
  'API key': 'api_key: |AKIAIOSFODNN7EXAMPLE|',
  'credentials in a URL': 'postgres://catalog_service:|pgpassw0rd|@db:5432/faultline',
  'e-mail address': 'sent to |jane.doe+tickets@example.co.uk|',
} as const

interface Case {
  readonly name: string
  readonly text: string
  readonly secret: string
}

const CASES: readonly Case[] = Object.entries(SECRETS).map(([name, marked]) => {
  const secret = /\|(.*)\|/.exec(marked)?.[1]
  if (secret === undefined) throw new Error(`no secret is marked in ${marked}`)
  return { name, text: marked.replaceAll('|', ''), secret }
})

/** Keys whose values are secrets whatever they look like. */
const KEYS = [
  'http.request.header.authorization',
  'user.password',
  'card_number',
  'cvv',
  'session_token',
  'apiKey',
  'db.secret',
]

describe('a secret sent on purpose', () => {
  let sink: Sink
  let collector: Collector

  beforeAll(async () => {
    sink = await Sink.start()
    collector = await Collector.start({ sink: sink.url })
    const spans = CASES.map(({ name, text }) =>
      span({
        name: `case ${name}: ${text}`,
        attributes: {
          'sampling.keep': true,
          case: name,
          note: text,
          list: ['harmless', text],
          nested: { deep: { note: text } },
        },
        events: [{ name: 'exception', attributes: attributes({ 'exception.message': text }) }],
        status: { code: 2, message: text },
      }),
    )
    const byKey = Object.fromEntries(KEYS.map((key) => [key, `plain value of ${key}`]))
    spans.push(
      span({
        attributes: {
          'sampling.keep': true,
          case: 'by key',
          ...byKey,
          'card as number': 4111111111111111,
          kept: 'as it is',
        },
      }),
    )
    await send(collector.otlp, '/v1/traces', traces(spans))
    await send(
      collector.otlp,
      '/v1/logs',
      logs([
        ...CASES.map(({ name, text }) => logRecord(text, { case: name, note: text })),
        ...CASES.map(({ name, text }) =>
          logRecord({ message: text, deep: { list: [text] } }, { case: `${name} in a map` }),
        ),
        logRecord('by key', byKey),
        logRecord({ password: 'plain value of user.password' }, { case: 'body by key' }),
      ]),
    )
    await vi.waitFor(
      () => {
        expect(sink.spans).toHaveLength(CASES.length + 1)
        expect(sink.logRecords).toHaveLength(2 * CASES.length + 2)
        // Their labels come from the same spans.
        expect(sink.points('traces.span.metrics.calls').length).toBeGreaterThan(CASES.length)
      },
      { timeout: 20_000 },
    )
  })

  afterAll(async () => {
    await collector?.[Symbol.asyncDispose]()
    await sink?.[Symbol.asyncDispose]()
  })

  test.each(CASES)('$name is nowhere in what leaves', ({ secret }) => {
    expect(sink.text.includes(secret), 'in what was sent on').toBe(false)
    expect(collector.log.includes(secret), "in the collector's log").toBe(false)
  })

  test.each(KEYS)('the value of %s is masked by its key', (key) => {
    const spanValues = plain(
      sink.spans.find((found) => plain(found.attributes).case === 'by key')?.attributes,
    )
    const logValues = plain(sink.logRecords.find(({ body }) => body.stringValue === 'by key')?.attributes)
    expect(spanValues[key]).toBe('****')
    expect(logValues[key]).toBe('****')
  })

  test('a card number that is an integer is masked', () => {
    const values = plain(sink.spans.find((found) => plain(found.attributes).case === 'by key')?.attributes)
    expect(values['card as number']).toBe('****')
    expect(sink.text.includes('4111111111111111')).toBe(false)
  })

  test('what is around a secret stays readable, and the record says that something was masked', () => {
    const found = sink.spans.find(({ name }) => name.startsWith('case card number:'))
    expect(found?.name).toBe('case card number: paid with**** today')
    expect(found?.status?.message).toBe('paid with**** today')
    const values = plain(found?.attributes)
    expect(values.note).toBe('paid with**** today')
    expect(values['redaction.masked.count']).toBe('5')
    expect(Object.keys(values).filter((key) => /lent|ignored/.test(key))).toEqual([])
    expect(
      plain(sink.spans.find((other) => plain(other.attributes).case === 'by key')?.attributes).kept,
    ).toBe('as it is')
  })
})

describe('what is no secret is left alone', async () => {
  const { redaction } = parse(await readFile(CONFIGURATION, 'utf8')).processors
  const compile = (pattern: string): RegExp => {
    const text = pattern.replaceAll('$$', '$')
    return text.startsWith('(?i)') ? new RegExp(text.slice('(?i)'.length), 'i') : new RegExp(text)
  }
  const values: readonly RegExp[] = redaction.blocked_values.map(compile)
  const keys: readonly RegExp[] = redaction.blocked_key_patterns.map(compile)

  test('ids, times and paths', () => {
    const hex = (length: number) =>
      fc
        .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
        .map((digits) => digits.join(''))
    const harmless = fc.oneof(
      fc.uuid(),
      hex(32),
      fc
        .date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') })
        .map((date) => date.toISOString()),
      // Since 1970 until 2033, in microseconds and in nanoseconds.
      fc.bigInt({ min: 946_684_800_000_000n, max: 1_999_999_999_999_999n }).map(String),
      fc.bigInt({ min: 946_684_800_000_000_000n, max: 1_999_999_999_999_999_999n }).map(String),
      fc.ipV4(),
      fc.webPath(),
      fc.double({ noNaN: true, min: -1e9, max: 1e9 }).map(String),
    )
    fc.assert(
      fc.property(harmless, (text) => {
        fc.pre(!text.includes('@'))
        expect(values.filter((pattern) => pattern.test(text))).toEqual([])
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([
    'http.request.method',
    'http.route',
    'http.response.status_code',
    'url.path',
    'user_agent.original',
    'server.address',
    'peer.service',
    'db.query.text',
    'db.query.summary',
    'db.collection.name',
    'messaging.operation.name',
    'exception.stacktrace',
    'request.id',
    'sampling.keep',
    'cache.key',
    'discard.notes',
    'code.function.name',
  ])('the key %s', (key) => {
    expect(keys.filter((pattern) => pattern.test(key))).toEqual([])
  })
})
