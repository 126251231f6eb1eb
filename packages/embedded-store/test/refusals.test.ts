import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CPU, post, push, query, sendProfiles } from './support/send.ts'
import { startStoreProcess, storeEnvironment, temporaryFolder } from './support/store-process.ts'

const stack = new AsyncDisposableStack()
let tempo: string
let otlp: string
let pyroscope: string
beforeAll(async () => {
  const folder = stack.use(await temporaryFolder())
  const store = stack.use(await startStoreProcess(storeEnvironment(folder.path)))
  tempo = store.tempo
  otlp = store.otlp
  pyroscope = store.pyroscope
})
afterAll(() => stack.disposeAsync())

const NOT_HERE = 'is not supported by the embedded store'

describe('what Tempo can and the store cannot is refused with 400 and named', () => {
  test.each([
    ['/api/search?q={}%7Crate()', `column 3: pipeline "| rate" ${NOT_HERE}`],
    ['/api/search?q={.a=1}>>{.b=1}', `column 7: structural operator ">>" ${NOT_HERE}`],
    ['/api/search?q={nestedSetParent<0}', `column 2: "nestedSetParent" ${NOT_HERE}`],
    ['/api/search?tags=a%3Db', `parameter "tags" ${NOT_HERE}`],
    ['/api/search?minDuration=1s', `parameter "minDuration" ${NOT_HERE}`],
    ['/api/metrics/query_range?q={}', `GET /api/metrics/query_range ${NOT_HERE}`],
    ['/api/search/tags', `GET /api/search/tags ${NOT_HERE}`],
    ['/api/v2/search/tag/event:name/values', `tag "event:name" ${NOT_HERE}`],
  ])('%s', async (path, named) => {
    const answer = await fetch(`${tempo}${path}`)
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(named)])
  })
})

describe('what Pyroscope can and the store cannot is refused and named', () => {
  const selection = { start: 1, end: 2, profileTypeID: CPU, labelSelector: '{}' }
  test.each<[string, unknown, number, string, string]>([
    ['Diff', {}, 501, 'unimplemented', `method Diff ${NOT_HERE}`],
    ['SelectMergeProfile', selection, 501, 'unimplemented', `method SelectMergeProfile ${NOT_HERE}`],
    [
      'SelectMergeStacktraces',
      { ...selection, stackTraceSelector: {} },
      400,
      'invalid_argument',
      `"stackTraceSelector" ${NOT_HERE}`,
    ],
    [
      'SelectMergeStacktraces',
      { ...selection, format: 'PROFILE_FORMAT_TREE' },
      400,
      'invalid_argument',
      `"format" ${NOT_HERE}`,
    ],
    [
      'SelectMergeSpanProfile',
      { ...selection, spanSelector: ['xyz'] },
      500,
      'unknown',
      'invalid span id: "xyz"',
    ],
  ])('%s %j', async (method, body, status, code, message) => {
    const answer = await query(pyroscope, method, body)
    expect([answer.status, await answer.json()]).toEqual([
      status,
      { code, message: expect.stringContaining(message) },
    ])
  })

  test.each([
    [{ format: 'jfr' }, 'format "jfr"'],
    [{ format: '' }, 'format ""'],
    [{ spyName: 'gospy' }, 'spyName "gospy"'],
    [{ from: 'now-1h' }, 'from "now-1h"'],
  ])('a push with %j', async (parameters, named) => {
    const answer = await push(pyroscope, { name: 'gateway{}', ...parameters }, Buffer.from('any'))
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { code: 'invalid_argument', message: expect.stringContaining(`${named} ${NOT_HERE}`) },
    ])
  })

  test('paths that are no part of it', async () => {
    expect((await fetch(`${pyroscope}/pyroscope/render`)).status).toBe(404)
  })
})

describe('batches that cannot be used are refused for good', () => {
  test('no protobuf, and no gzip', async () => {
    for (const url of [`${otlp}/v1/traces`, `${pyroscope}/v1development/profiles`]) {
      expect((await post(url, Buffer.from('garbage'))).status).toBe(400)
      const headers = { 'Content-Type': 'application/x-protobuf', 'Content-Encoding': 'gzip' }
      expect((await fetch(url, { method: 'POST', headers, body: 'garbage' })).status).toBe(400)
    }
  })

  test('other content types and encodings', async () => {
    const send = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${otlp}/v1/traces`, { method: 'POST', headers, body: 'x' })
    expect((await send({ 'Content-Type': 'text/plain' })).status).toBe(415)
    const zstd = { 'Content-Type': 'application/x-protobuf', 'Content-Encoding': 'zstd' }
    expect((await send(zstd)).status).toBe(400)
  })

  test('trace ids of the wrong length', async () => {
    const body = {
      resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: 'abcd', spanId: '00000000000000aa' }] }] }],
    }
    const answer = await fetch(`${otlp}/v1/traces`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { code: 3, message: 'trace ids must be 128 bit, received 16 bits' },
    ])
  })

  test('profiles that Pyroscope would refuse', async () => {
    const profile = { timeMs: 1, samples: [{ frames: ['f'], value: 1 }], period: 0 }
    const answer = await sendProfiles(pyroscope, [profile])
    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringContaining('period other than 0'),
    ])
  })
})
