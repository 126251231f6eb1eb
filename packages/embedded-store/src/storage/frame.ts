import { crc32 } from 'node:zlib'

/**
 * One record of a segment file, little endian:
 * `magic u32 | payload length u32 | CRC-32 of length and payload u32 | payload`.
 *
 * The length is part of the checksum, so a damaged length is noticed too; the magic lets a reader find the next
 * whole record after a damaged one.
 */
export const FRAME_HEADER_BYTES = 12
const MAGIC = Buffer.from('FLs1', 'latin1')

/** Header to be written in front of `payload`. */
export function frameHeader(payload: Uint8Array): Buffer {
  const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES)
  MAGIC.copy(header, 0)
  header.writeUInt32LE(payload.length, 4)
  header.writeUInt32LE(checksum(header, payload), 8)
  return header
}

/** What a scan finds: a whole frame, or a stretch of bytes that belongs to none. */
export type ScanResult =
  | { readonly kind: 'frame'; readonly payloadOffset: number; readonly payload: Buffer }
  | { readonly kind: 'damage'; readonly offset: number; readonly length: number }

/**
 * Reads the frames of a whole segment file in order. Damage is reported once for each stretch; frames behind it are
 * still found. Damage that reaches the end of the file is a torn tail.
 */
export function* scanFrames(file: Buffer): Generator<ScanResult> {
  let offset = 0
  while (offset < file.length) {
    const payload = payloadAt(file, offset)
    if (payload !== undefined) {
      yield { kind: 'frame', payloadOffset: offset + FRAME_HEADER_BYTES, payload }
      offset += FRAME_HEADER_BYTES + payload.length
      continue
    }
    const next = nextFrame(file, offset + 1)
    yield { kind: 'damage', offset, length: next - offset }
    offset = next
  }
}

function payloadAt(file: Buffer, offset: number): Buffer | undefined {
  if (offset + FRAME_HEADER_BYTES > file.length) return undefined
  if (MAGIC.compare(file, offset, offset + MAGIC.length) !== 0) return undefined
  const start = offset + FRAME_HEADER_BYTES
  const end = start + file.readUInt32LE(offset + 4)
  if (end > file.length) return undefined
  const payload = file.subarray(start, end)
  const header = file.subarray(offset, start)
  return checksum(header, payload) === header.readUInt32LE(8) ? payload : undefined
}

function nextFrame(file: Buffer, from: number): number {
  for (let at = file.indexOf(MAGIC, from); at !== -1; at = file.indexOf(MAGIC, at + 1)) {
    if (payloadAt(file, at) !== undefined) return at
  }
  return file.length
}

function checksum(header: Buffer, payload: Uint8Array): number {
  return crc32(payload, crc32(header.subarray(4, 8)))
}
