import { decodeRequest } from '@faultline/test-support/otlp-decode'
import type { InstrumentationScope } from '@opentelemetry/core'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { describe, expect, it } from 'vitest'
import { type BatchResource, RecordBatch } from './record-batch.ts'

interface Named {
  readonly resource: BatchResource
  readonly instrumentationScope: InstrumentationScope
  readonly name: string
}

const resource = resourceFromAttributes({ 'service.name': 'test' })
const a = { name: 'a', version: '1' }
const b = { name: 'b' }
const write = ({ name }: Named, pbf: { writeStringField(tag: number, value: string): void }): void =>
  pbf.writeStringField(5, name)
const record = (
  instrumentationScope: InstrumentationScope,
  name: string,
  of: BatchResource = resource,
): Named => ({
  resource: of,
  instrumentationScope,
  name,
})
const encodedResource = (name: string) => ({
  attributes: [{ key: 'service.name', value: { stringValue: name } }],
})

describe('record batch', () => {
  it('groups records by resource and scope, and starts empty again', () => {
    const batch = new RecordBatch()
    const other = resourceFromAttributes({ 'service.name': 'other' })
    for (const one of [record(a, 'one'), record(b, 'two'), record(a, 'three'), record(a, 'four', other)]) {
      expect(batch.append(write, one)).toBe(true)
    }
    expect(batch.count).toBe(4)
    expect(decodeRequest('traces', batch.take())).toEqual({
      resourceSpans: [
        {
          resource: encodedResource('test'),
          scopeSpans: [
            { scope: { name: 'a', version: '1' }, spans: [{ name: 'one' }, { name: 'three' }] },
            { scope: { name: 'b' }, spans: [{ name: 'two' }] },
          ],
        },
        {
          resource: encodedResource('other'),
          scopeSpans: [{ scope: { name: 'a', version: '1' }, spans: [{ name: 'four' }] }],
        },
      ],
    })
    expect(batch.count).toBe(0)
    batch.append(write, record(b, 'five'))
    expect(JSON.stringify(decodeRequest('traces', batch.take()))).not.toMatch(/one|four|other/)
  })

  it('leaves out what cannot be written or is too large, and keeps the rest', () => {
    const batch = new RecordBatch()
    batch.append(write, record(a, 'one'))
    const failing = (one: Named, pbf: Parameters<typeof write>[1]): void => {
      write(one, pbf)
      throw new Error('in the middle')
    }
    expect(batch.append(failing, record(a, 'broken'))).toBe(false)
    expect(batch.append(write, record(a, 'x'.repeat(1_100_000)))).toBe(false)
    batch.append(write, record(a, 'two'))
    expect(batch.count).toBe(2)
    expect(decodeRequest('traces', batch.take())).toMatchObject({
      resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'one' }, { name: 'two' }] }] }],
    })
  })

  it('asks to be sealed before collectors would refuse it', () => {
    const batch = new RecordBatch()
    while (!batch.isLarge) batch.append(write, record(a, 'x'.repeat(10_000)))
    expect(batch.take().byteLength).toBeLessThan(4 * 1024 * 1024)
    expect(batch.isLarge).toBe(false)
  })

  it('holds no memory for scopes that are not heard of any more', () => {
    const batch = new RecordBatch()
    const before = process.memoryUsage().arrayBuffers
    for (let index = 0; index < 2_000; index += 1) {
      batch.append(write, record({ name: `lib-${index}` }, 'one'))
      batch.take()
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024)
  })

  it('waits for a resource that is still being found out', async () => {
    const found = Promise.withResolvers<string>()
    const pending = resourceFromAttributes({ 'service.name': 'test', 'host.id': found.promise })
    const batch = new RecordBatch()
    batch.append(write, record(a, 'one', pending))
    expect(batch.isSettled).toBe(false)
    found.resolve('h-1')
    await batch.settle()
    expect(batch.isSettled).toBe(true)
    expect(JSON.stringify(decodeRequest('traces', batch.take()))).toContain('h-1')
  })
})
