import type { LokiClient } from '@faultline/backends-client'
import { type Backend, startLoki } from '@faultline/test-support/backends'
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeLogRecord } from '../../src/otlp/encoding.ts'
import { RecordBatch } from '../../src/otlp/record-batch.ts'
import { TestPipeline, useContexts } from './pipeline.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const span = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: '00f067aa0ba902b7', traceFlags: 1 })

let server: Backend<LokiClient>
let contexts: Disposable
beforeAll(async () => {
  contexts = useContexts()
  // The kit's Loki with the limits that one has whose owner changed none.
  server = await startLoki([
    '-limits.max-structured-metadata-entries-count=128',
    '-limits.max-structured-metadata-size=64KB',
    '-distributor.max-line-size=256KB',
    '-distributor.max-line-size-truncate=false',
  ])
})
afterAll(async () => {
  contexts[Symbol.dispose]()
  await server?.[Symbol.asyncDispose]()
})

describe('a real Loki', () => {
  it('takes a whole batch with records that are too large, and shows that they are cut', async () => {
    const sentAt = Date.now()
    const test = new TestPipeline()
    const { logger } = test.pipeline
    const leaves = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`leaf${index}`, index]))
    context.with(span, () => {
      logger.info({ dump: 'x'.repeat(77_000) }, 'cut')
      logger.info(
        { ...Object.fromEntries('abcdefgh'.split('').map((key) => [key, 'ü'.repeat(9_000)])) },
        'cut',
      )
      logger.info({ ['long'.repeat(100)]: leaves }, 'whole, as text')
      logger.info(Object.fromEntries(Array.from({ length: 127 }, (_, index) => [`f${index}`, index])), 'cut')
      logger.info({ rows: Array.from({ length: 9_000 }, () => '<&>') }, 'cut')
      logger.info({ list: Array.from({ length: 900 }, () => 1e-7), off: false }, 'whole')
      logger.info({ 名前: 'Ann', _: 1, '9': 9 }, 'whole')
      logger.info({ trace_id: '463ac35c9f6413ad', span_id: 'a2fb4a1d1a96d312' }, 'whole, of no trace')
      logger.info(`cut ${'ä'.repeat(200_000)}`)
      for (let count = 0; count < 1_000; count += 1) logger.info({ count }, 'others')
    })
    const batch = new RecordBatch()
    for (const record of test.records) expect(batch.append(writeLogRecord, record)).toBe(true)
    const answer = await request(`${server.url}/otlp/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: batch.take(),
    })
    expect([answer.statusCode, await answer.body.text()]).toEqual([204, ''])

    const loki = server.client
    const range = { startMs: sentAt - 60_000, endMs: Date.now() + 60_000 }
    const lines = async (query: string): Promise<readonly string[]> => {
      const { entries } = await loki.queryRange(`{service_name=~".+"} ${query}`, { ...range, limit: 2_000 })
      return entries.map(({ line }) => line)
    }
    const cut = await lines('| telemetry_truncated="true"')
    expect(cut).toHaveLength(5)
    for (const line of cut) expect(line).toMatch(/^cut/)
    expect(await lines('|= "whole"')).toHaveLength(4)
    expect(await lines(`|= "others" | trace_id="${traceId}"`)).toHaveLength(1_000)
    expect(await lines('| trace_id="463ac35c9f6413ad"')).toEqual(['whole, of no trace'])
  })
})
