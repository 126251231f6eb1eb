import {
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf'
import { type ContentEncoding, MalformedError, packBatch } from './batch.ts'
import type { ReceivedBatch } from './receiver.ts'

/** A batch ready to be stored: its message, and the frame that gives the same message again. */
export interface DecodedBatch<Schema extends DescMessage> {
  readonly message: MessageShape<Schema>
  readonly frame: Uint8Array
}

/**
 * Decodes an OTLP export request. A protobuf body is stored as it came, JSON is stored as protobuf.
 *
 * @throws {MalformedError} when it is no such message
 */
export function decodeBatch<Schema extends DescMessage>(
  schema: Schema,
  batch: ReceivedBatch,
): DecodedBatch<Schema> {
  if (batch.format === 'protobuf') {
    const message = attempt('protobuf', () => fromBinary(schema, batch.message))
    return { message, frame: packBatch(batch.encoding, batch.body) }
  }
  const message = attempt('JSON', () => {
    const json = JSON.parse(Buffer.from(batch.message).toString('utf8'), hexIdToBase64) as JsonValue
    return fromJson(schema, json, { ignoreUnknownFields: true })
  })
  const encoding: ContentEncoding = 'identity'
  return { message, frame: packBatch(encoding, toBinary(schema, message)) }
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
    throw new MalformedError(`the body is not the expected ${format} message: ${cause}`)
  }
}
