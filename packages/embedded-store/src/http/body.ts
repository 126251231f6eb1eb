import type { Context } from 'koa'
import getRawBody from 'raw-body'
import { type ContentEncoding, TooLargeError } from '../otlp/batch.ts'
import { RequestError } from './errors.ts'

/**
 * Reads a request's body as it came over the wire.
 *
 * @throws {TooLargeError} when it has more than `maxBytes`
 * @throws {RequestError} when the sender broke off
 */
export async function readBody(context: Context, maxBytes: number): Promise<Buffer> {
  try {
    return await getRawBody(context.req, { limit: maxBytes, length: context.request.length ?? null })
  } catch (error) {
    const type = error instanceof Error && 'type' in error ? error.type : undefined
    if (type === 'entity.too.large') throw new TooLargeError(`the body is larger than ${maxBytes} bytes`)
    throw new RequestError(400, 'the body did not arrive whole')
  }
}

/** Content encoding of a request. @throws {RequestError} for any but gzip and none */
export function contentEncodingOf(context: Context): ContentEncoding {
  const encoding = context.get('Content-Encoding').toLowerCase()
  if (encoding === '' || encoding === 'identity') return 'identity'
  if (encoding === 'gzip') return 'gzip'
  throw new RequestError(400, `content encoding "${encoding}" is not supported, gzip and identity are`)
}
