import { promisify } from 'node:util'
import { gunzip, gunzipSync } from 'node:zlib'

const gunzipAsync = promisify(gunzip)

/** How a batch came and how it is stored. */
export type ContentEncoding = 'identity' | 'gzip'

const TAGS = { identity: 0, gzip: 1 } as const

/** The body is larger than allowed, before or after decompression. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError'
}

/** The body is not what it says it is. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError'
  /** HTTP status that says so, where it is not 400. */
  readonly status: number

  constructor(message: string, status = 400) {
    super(message)
    this.status = status
  }
}

/** What a segment frame holds: one byte for the encoding, then the protobuf message as it came. */
export function packBatch(encoding: ContentEncoding, body: Uint8Array): Uint8Array {
  const packed = new Uint8Array(body.length + 1)
  packed[0] = TAGS[encoding]
  packed.set(body, 1)
  return packed
}

/** The protobuf message of a frame. @throws when it cannot be decompressed */
export function unpackBatch(packed: Uint8Array): Uint8Array {
  const body = packed.subarray(1)
  return packed[0] === TAGS.gzip ? gunzipSync(body) : body
}

/**
 * Decompresses a received body off the main thread.
 *
 * @throws {TooLargeError} when it would grow beyond `maxBytes`
 * @throws {MalformedError} when it is no gzip
 */
export async function decompress(
  encoding: ContentEncoding,
  body: Uint8Array,
  maxBytes: number,
): Promise<Uint8Array> {
  if (encoding === 'identity') return body
  try {
    return await gunzipAsync(body, { maxOutputLength: maxBytes })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new TooLargeError(`the body is larger than ${maxBytes} bytes when decompressed`)
    }
    throw new MalformedError('the body is not valid gzip')
  }
}
