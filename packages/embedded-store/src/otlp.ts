import { gunzipSync } from 'node:zlib'
import {
  create,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf'
import type { Context, Middleware } from 'koa'
import { type BodyLimits, bodyIntake, decompress } from './body.ts'
import { StatusSchema } from './generated/google/rpc/status_pb.js'
import { type RefusalWriter, writePlainRefusal } from './http.ts'
import { Refusal } from './refusal.ts'
import type { StorableBatch } from './storage/signal-store.ts'

const PROTOBUF = 'application/x-protobuf'
const JSON_TYPE = 'application/json'

/** First byte of a segment frame; the protobuf message follows as it came. */
const TAGS = { identity: 0, gzip: 1 } as const
type ContentEncoding = keyof typeof TAGS

/** A received export request. */
export interface ReceivedBatch {
  readonly format: 'protobuf' | 'json'
  readonly encoding: ContentEncoding
  /** As it came. */
  readonly body: Uint8Array
  /** Decompressed. */
  readonly message: Uint8Array
}

/**
 * OTLP/HTTP endpoint of one signal. Answers 200 only when `store` has put the batch on the disk; 429 and 503 with
 * `Retry-After` tell the sender to try again, 400, 413 and 415 that it is of no use.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
 */
export function otlpReceiver(limits: BodyLimits, store: (batch: ReceivedBatch) => Promise<void>): Middleware {
  const intake = bodyIntake(limits)
  return async (context) => {
    const format = formatOf(context)
    const encoding = encodingOf(context)
    await intake(context, async (body) => {
      const message = encoding === 'gzip' ? await decompress(body, limits.maxBodyBytes) : body
      await store({ format, encoding, body, message })
    })
    context.status = 200
    // An export response without a partial success is an empty message; the collector's JSON names it all the same.
    context.type = format === 'json' ? JSON_TYPE : PROTOBUF
    context.body = format === 'json' ? { partialSuccess: {} } : Buffer.alloc(0)
  }
}

function formatOf(context: Context): ReceivedBatch['format'] {
  const type = context.request.type
  if (type === PROTOBUF || type === 'application/protobuf') return 'protobuf'
  if (type === JSON_TYPE) return 'json'
  throw new Refusal(415, `content type "${type}" is not supported, ${PROTOBUF} and ${JSON_TYPE} are`)
}

function encodingOf(context: Context): ContentEncoding {
  const encoding = context.get('Content-Encoding').toLowerCase()
  if (encoding === '' || encoding === 'identity') return 'identity'
  if (encoding === 'gzip') return 'gzip'
  throw new Refusal(400, `content encoding "${encoding}" is not supported, gzip and identity are`)
}

/** Codes of gRPC for those of HTTP, see https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto. */
const CODES: Readonly<Record<number, number>> = { 400: 3, 413: 8, 429: 8, 500: 13, 503: 14 }

/** Writes a refusal as `google.rpc.Status` in the format of the request; other refusals as plain text. */
export const writeOtlpRefusal: RefusalWriter = (context, refusal) => {
  const { status, message } = refusal
  const code = CODES[status]
  if (code === undefined) {
    writePlainRefusal(context, refusal)
    return
  }
  context.status = status
  if (context.is('json') !== false && context.is('json') !== null) {
    context.type = JSON_TYPE
    context.body = { code, message }
  } else {
    context.type = PROTOBUF
    context.body = Buffer.from(toBinary(StatusSchema, create(StatusSchema, { code, message })))
  }
}

/** Both ways to what an index takes: from an export request, and from the frame that keeps it. */
export function otlpCodec<Schema extends DescMessage, Prepared>(
  schema: Schema,
  prepare: (message: MessageShape<Schema>) => Prepared,
) {
  return {
    /** A protobuf body is stored as it came, JSON is stored as protobuf. @throws {Refusal} when it is no such message */
    decode({ format, encoding, body, message }: ReceivedBatch): StorableBatch<Prepared> {
      if (format === 'protobuf') {
        const decoded = attempt(format, () => fromBinary(schema, message))
        return { prepared: prepare(decoded), frame: packBatch(encoding, body) }
      }
      const decoded = attempt('JSON', () => {
        const json = JSON.parse(Buffer.from(message).toString('utf8'), hexIdToBase64) as JsonValue
        return fromJson(schema, json, { ignoreUnknownFields: true })
      })
      return { prepared: prepare(decoded), frame: packBatch('identity', toBinary(schema, decoded)) }
    },
    /** @throws when the frame cannot be decompressed or decoded */
    read: (frame: Uint8Array): Prepared => prepare(fromBinary(schema, unpackBatch(frame))),
  }
}

export function packBatch(encoding: ContentEncoding, body: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([TAGS[encoding]]), body])
}

/** The protobuf message of a frame. @throws when it cannot be decompressed */
export function unpackBatch(packed: Uint8Array): Uint8Array {
  const body = packed.subarray(1)
  return packed[0] === TAGS.gzip ? gunzipSync(body) : body
}

/** OTLP's JSON has ids in hexadecimal where protobuf JSON has base64. */
function hexIdToBase64(key: string, value: unknown): unknown {
  const isId = key === 'traceId' || key === 'spanId' || key === 'parentSpanId'
  return isId && typeof value === 'string' ? Buffer.from(value, 'hex').toString('base64') : value
}

function attempt<T>(format: string, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    throw new Refusal(400, `the body is not the expected ${format} message: ${cause}`)
  }
}
