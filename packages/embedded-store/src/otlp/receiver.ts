import { create, toBinary } from '@bufbuild/protobuf'
import type { Context, Middleware } from 'koa'
import { StatusSchema } from '../generated/google/rpc/status_pb.js'
import { contentEncodingOf, readBody } from '../http/body.ts'
import { type FailureWriter, RequestError } from '../http/errors.ts'
import { OverloadedError } from '../segments/errors.ts'
import { type ContentEncoding, decompress } from './batch.ts'

const PROTOBUF = 'application/x-protobuf'
const JSON_TYPE = 'application/json'

/** A received export request. */
export interface ReceivedBatch {
  readonly format: 'protobuf' | 'json'
  readonly encoding: ContentEncoding
  /** As it came. */
  readonly body: Uint8Array
  /** Decompressed. */
  readonly message: Uint8Array
}

export interface ReceiverOptions {
  readonly maxBodyBytes: number
  /** Bytes of bodies that may be in memory at once; more senders are asked to wait. */
  readonly maxPendingBytes: number
  /** Stores the batch; resolves when it outlives a kill. */
  readonly store: (batch: ReceivedBatch) => Promise<void>
}

/**
 * OTLP/HTTP endpoint of one signal. Answers 200 only when the batch is on the disk; 429 and 503 with `Retry-After`
 * tell the sender to come again, 400, 413 and 415 that it is of no use.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
 */
export function otlpReceiver(options: ReceiverOptions): Middleware {
  let underWay = 0
  return async (context) => {
    const format = formatOf(context)
    const encoding = contentEncodingOf(context)
    const announced = context.request.length ?? options.maxBodyBytes
    if (underWay > 0 && underWay + announced > options.maxPendingBytes) {
      throw new OverloadedError(`${underWay} bytes of other requests are under way`)
    }
    underWay += announced
    try {
      const body = await readBody(context, options.maxBodyBytes)
      const message = await decompress(encoding, body, options.maxBodyBytes)
      await options.store({ format, encoding, body, message })
    } finally {
      underWay -= announced
    }
    context.status = 200
    // An export response without a partial success is an empty message.
    context.type = format === 'json' ? JSON_TYPE : PROTOBUF
    context.body = format === 'json' ? '{}' : Buffer.alloc(0)
  }
}

/** Writes a failure as `google.rpc.Status` in the format of the request. */
export const writeOtlpFailure: FailureWriter = (context, { status, message }) => {
  context.status = status
  if (context.is('json') !== false && context.is('json') !== null) {
    context.type = JSON_TYPE
    context.body = { message }
  } else {
    context.type = PROTOBUF
    context.body = Buffer.from(toBinary(StatusSchema, create(StatusSchema, { message })))
  }
}

function formatOf(context: Context): 'protobuf' | 'json' {
  const type = context.request.type
  if (type === PROTOBUF || type === 'application/protobuf') return 'protobuf'
  if (type === JSON_TYPE) return 'json'
  throw new RequestError(415, `content type "${type}" is not supported, ${PROTOBUF} and ${JSON_TYPE} are`)
}
