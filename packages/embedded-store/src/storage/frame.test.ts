import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FRAME_HEADER_BYTES, frameHeader, scanFrames } from './frame.ts'

const payload = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  // Payloads that look like the beginning of a frame must not confuse the reader.
  fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.concat([Buffer.from('FLs1'), bytes])),
)
const payloads = fc.array(payload, { minLength: 1, maxLength: 8 })

function encode(list: readonly Uint8Array[]): Buffer {
  return Buffer.concat(list.flatMap((bytes) => [frameHeader(bytes), bytes]))
}

function read(file: Buffer): { frames: string[]; damagedBytes: number; coveredBytes: number } {
  const frames: string[] = []
  let damagedBytes = 0
  let coveredBytes = 0
  for (const found of scanFrames(file)) {
    if (found.kind === 'frame') {
      frames.push(found.payload.toString('hex'))
      coveredBytes += FRAME_HEADER_BYTES + found.payload.length
    } else {
      damagedBytes += found.length
      coveredBytes += found.length
    }
  }
  return { frames, damagedBytes, coveredBytes }
}

const hexOf = (list: readonly Uint8Array[]): string[] =>
  list.map((bytes) => Buffer.from(bytes).toString('hex'))

test('frames read back as they were written', () => {
  fc.assert(
    fc.property(payloads, (list) => {
      expect(read(encode(list))).toMatchObject({ frames: hexOf(list), damagedBytes: 0 })
    }),
  )
})

test('a file cut anywhere keeps every frame that is still whole, the rest is one torn tail', () => {
  fc.assert(
    fc.property(payloads, fc.nat(), (list, where) => {
      const file = encode(list)
      const length = where % (file.length + 1)
      let whole = 0
      let end = 0
      for (const bytes of list) {
        if (end + FRAME_HEADER_BYTES + bytes.length > length) break
        end += FRAME_HEADER_BYTES + bytes.length
        whole += 1
      }
      const result = read(file.subarray(0, length))
      expect(result).toEqual({
        frames: hexOf(list.slice(0, whole)),
        damagedBytes: length - end,
        coveredBytes: length,
      })
    }),
  )
})

test('a flipped bit costs the frame that it is in and no other', () => {
  fc.assert(
    fc.property(payloads, fc.nat(), fc.integer({ min: 0, max: 7 }), (list, where, bit) => {
      const file = encode(list)
      const at = where % file.length
      file[at] = (file[at] ?? 0) ^ (1 << bit)
      let end = 0
      const hit = list.findIndex((bytes) => {
        end += FRAME_HEADER_BYTES + bytes.length
        return at < end
      })
      const rest = list.filter((_, index) => index !== hit)
      const result = read(file)
      expect(result.frames).toEqual(hexOf(rest))
      expect(result.coveredBytes).toBe(file.length)
      expect(result.damagedBytes).toBe(FRAME_HEADER_BYTES + (list[hit]?.length ?? 0))
    }),
  )
})
