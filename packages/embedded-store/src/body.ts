import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Context } from 'koa'
import getRawBody from 'raw-body'
import type { StoreConfig } from './config.ts'
import { overloaded, Refusal } from './refusal.ts'

const gunzipAsync = promisify(gunzip)

export type BodyLimits = Pick<StoreConfig, 'maxBodyBytes' | 'maxPendingBytes'>

/**
 * Reads bodies of requests and hands them on, within a bound on those that are in memory at once.
 *
 * @returns a function that throws a {@link Refusal}: 429 when other requests leave no room, 413 for a large body
 */
export function bodyIntake({ maxBodyBytes, maxPendingBytes }: BodyLimits) {
  let underWay = 0
  return async (context: Context, handle: (body: Buffer) => Promise<void>): Promise<void> => {
    const bytes = context.request.length ?? maxBodyBytes
    if (underWay > 0 && underWay + bytes > maxPendingBytes) {
      throw overloaded(`${underWay} bytes of other requests are under way`)
    }
    underWay += bytes
    try {
      await handle(await readBody(context, maxBodyBytes))
    } finally {
      underWay -= bytes
    }
  }
}

/** Reads a request's body as it came over the wire. @throws {Refusal} when it is too large or breaks off */
export async function readBody(context: Context, maxBytes: number): Promise<Buffer> {
  try {
    return await getRawBody(context.req, { limit: maxBytes, length: context.request.length ?? null })
  } catch (error) {
    const type = error instanceof Error && 'type' in error ? error.type : undefined
    if (type === 'entity.too.large') throw new Refusal(413, `the body is larger than ${maxBytes} bytes`)
    throw new Refusal(400, 'the body did not arrive whole')
  }
}

/** Decompresses a body off the main thread. @throws {Refusal} when it grows beyond `maxBytes` or is not gzip */
export async function decompress(body: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  try {
    return await gunzipAsync(body, { maxOutputLength: maxBytes })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new Refusal(413, `the body is larger than ${maxBytes} bytes when decompressed`)
    }
    throw new Refusal(400, 'the body is not valid gzip')
  }
}
