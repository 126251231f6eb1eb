import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { packBatch } from '../../otlp/batch.ts'
import { isPushed, packPushed, unpackPushed } from './frame.ts'

test('a frame gives what was put into it, compressed or not', () => {
  const pair = fc.tuple(fc.string(), fc.string({ unit: 'binary' }))
  const pushed = fc.record({ labels: fc.array(pair), startMs: fc.nat() }, { noNullPrototype: true })
  fc.assert(
    fc.property(pushed, fc.uint8Array(), fc.boolean(), (about, bytes, isCompressed) => {
      fc.pre(bytes[0] !== 0x1f)
      const frame = packPushed(about, isCompressed ? gzipSync(bytes) : bytes)
      const read = unpackPushed(frame)
      expect(isPushed(frame)).toBe(true)
      expect(read.pushed).toEqual(about)
      expect(Buffer.compare(read.profile, bytes)).toBe(0)
    }),
  )
})

test('a batch of OTLP is no pushed profile', () => {
  expect(isPushed(packBatch('gzip', new Uint8Array(3)))).toBe(false)
  expect(isPushed(packBatch('identity', new Uint8Array(3)))).toBe(false)
})
