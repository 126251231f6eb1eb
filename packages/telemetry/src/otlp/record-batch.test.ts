import { describe, expect, it } from 'vitest'
import { decodeRequest } from '../../test/otlp/decode.ts'
import { encodeResource } from '../resource.ts'
import { RecordBatch } from './record-batch.ts'

const resource = encodeResource({ 'service.name': 'test' })
const write = (name: string, pbf: { writeStringField(tag: number, value: string): void }): void =>
  pbf.writeStringField(5, name)

describe('record batch', () => {
  it('groups records by scope under the resource, and starts empty again', () => {
    const batch = new RecordBatch(resource)
    const [a, b] = [
      { name: 'a', version: '1' },
      { name: 'b', version: undefined },
    ] as const
    batch.append(a, write, 'one')
    batch.append(b, write, 'two')
    batch.append(a, write, 'three')
    expect(batch.count).toBe(3)
    expect(decodeRequest('traces', batch.take())).toEqual({
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'test' } }] },
          scopeSpans: [
            { scope: { name: 'a', version: '1' }, spans: [{ name: 'one' }, { name: 'three' }] },
            { scope: { name: 'b' }, spans: [{ name: 'two' }] },
          ],
        },
      ],
    })
    batch.append(b, write, 'four')
    expect(JSON.stringify(decodeRequest('traces', batch.take()))).not.toContain('one')
  })

  it('asks to be sealed before collectors would refuse it', () => {
    const batch = new RecordBatch(resource)
    const scope = { name: 'a', version: undefined }
    let sealed = 0
    while (!batch.append(scope, write, 'x'.repeat(10_000))) sealed += 1
    expect(sealed * 10_000).toBeLessThan(4 * 1024 * 1024)
    expect(batch.take().byteLength).toBeLessThan(4 * 1024 * 1024)
  })
})
