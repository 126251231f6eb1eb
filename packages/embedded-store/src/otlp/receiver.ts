import { create, toBinary } from '@bufbuild/protobuf'
import type { Context, Middleware } from 'koa'
import { StatusSchema } from '../generated/google/rpc/status_pb.js'
import { Admission } from '../http/admission.ts'
import { contentEncodingOf, readBody } from '../http/body.ts'
import { type FailureWriter, RequestError, writePlainFailure } from '../http/errors.ts'
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
  const admission = new Admission(options.maxPendingBytes)
  return async (context) => {
    const format = formatOf(context)
    const encoding = contentEncodingOf(context)
    await admission.run(context.request.length ?? options.maxBodyBytes, async () => {
      const body = await readBody(context, options.maxBodyBytes)
      const message = await decompress(encoding, body, options.maxBodyBytes)
      await options.store({ format, encoding, body, message })
    })
    context.status = 200
    // An export response without a partial success is an empty message; the collector's JSON names it all the same.
    context.type = format === 'json' ? JSON_TYPE : PROTOBUF
    context.body = format === 'json' ? { partialSuccess: {} } : Buffer.alloc(0)
  }
}

/** Codes of gRPC for those of HTTP, see https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto. */
const CODES: Readonly<Record<number, number>> = { 400: 3, 413: 8, 429: 8, 500: 13, 503: 14 }

/** Writes a failure as `google.rpc.Status` in the format of the request; what is no request at all as plain text. */
export const writeOtlpFailure: FailureWriter = (context, failure) => {
  const code = CODES[failure.status]
  if (code === undefined) {
    writePlainFailure(context, failure)
    return
  }
  const { status, message } = failure
  context.status = status
  if (context.is('json') !== false && context.is('json') !== null) {
    context.type = JSON_TYPE
    context.body = { code, message }
  } else {
    context.type = PROTOBUF
    context.body = Buffer.from(toBinary(StatusSchema, create(StatusSchema, { code, message })))
  }
}

function formatOf(context: Context): 'protobuf' | 'json' {
  const type = context.request.type
  if (type === PROTOBUF || type === 'application/protobuf') return 'protobuf'
  if (type === JSON_TYPE) return 'json'
  throw new RequestError(415, `content type "${type}" is not supported, ${PROTOBUF} and ${JSON_TYPE} are`)
}
