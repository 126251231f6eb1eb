import { PbfWriter } from 'pbf'
import { writeAttribute } from './attributes.ts'

/** Attributes whose values are few: each pair is encoded once. */
const KEYS = [
  'client.address',
  'db.collection.name',
  'db.namespace',
  'db.operation.name',
  'db.query.summary',
  'db.query.text',
  'db.system.name',
  'error.type',
  'http.request.method',
  'http.response.status_code',
  'http.route',
  'messaging.consumer.group.name',
  'messaging.destination.name',
  'messaging.operation.name',
  'messaging.operation.type',
  'messaging.system',
  'network.protocol.version',
  'peer.service',
  'sampling.keep',
  'server.address',
  'server.port',
  'url.scheme',
  'user_agent.original',
]
/** Values remembered for each of them; callers can send as many user agents as they like. */
const MAX_VALUES = 256
/** Longer ones are not worth the memory. */
const MAX_BYTES = 2_048

const encodedByKey = new Map(KEYS.map((key) => [key, new Map<unknown, Uint8Array>()]))

/**
 * As `writeAttribute`, but copies the bytes of a pair that was written before.
 * @param tag the field that the `KeyValue` is; at most 15
 */
export function writeKnownAttribute(pbf: PbfWriter, tag: number, key: string, value: unknown): void {
  const known = encodedByKey.get(key)
  if (!known) {
    writeAttribute(pbf, tag, key, value)
    return
  }
  let bytes = known.get(value)
  if (!bytes) {
    bytes = encode(key, value)
    if (known.size < MAX_VALUES && bytes.length <= MAX_BYTES) known.set(value, bytes)
  }
  pbf.realloc(bytes.length + 1)
  // The bytes are a whole field but for its first byte, the tag, which differs between spans and log records.
  pbf.buf[pbf.pos] = (tag << 3) | 2
  pbf.buf.set(bytes, pbf.pos + 1)
  pbf.pos += bytes.length + 1
}

function encode(key: string, value: unknown): Uint8Array {
  const pbf = new PbfWriter()
  writeAttribute(pbf, 1, key, value)
  return pbf.finish().slice(1)
}
