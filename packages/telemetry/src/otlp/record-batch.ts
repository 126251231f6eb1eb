import { PbfWriter } from 'pbf'
import type { SpanScope } from '../trace/span.ts'
import { writeText } from './text.ts'

const INITIAL_BYTES = 64 * 1024
/** Past this a batch is sealed whatever its count: collectors refuse messages over 4 MiB by default. */
const MAX_BATCH_BYTES = 2 * 1024 * 1024

/**
 * Spans or log records of one export request, written to the wire as they come. `Export*ServiceRequest`,
 * `Resource*` and `Scope*` have the same field numbers for both signals, so one class serves both.
 */
export class RecordBatch {
  readonly #resource: Uint8Array
  readonly #scopes = new Map<SpanScope, PbfWriter>()
  #count = 0

  /** @param resource the encoded `Resource` message */
  constructor(resource: Uint8Array) {
    this.#resource = resource
  }

  get count(): number {
    return this.#count
  }

  /** Writes one record with `write`. @returns whether the batch should be sealed for its size */
  append<T>(scope: SpanScope, write: (record: T, pbf: PbfWriter) => void, record: T): boolean {
    let writer = this.#scopes.get(scope)
    if (!writer) {
      writer = new PbfWriter(new Uint8Array(INITIAL_BYTES))
      this.#scopes.set(scope, writer)
    }
    writer.writeMessage(2, write, record)
    this.#count += 1
    return writer.pos >= MAX_BATCH_BYTES
  }

  /** The request with everything appended since the last call; the batch is empty afterwards. */
  take(): Uint8Array {
    let size = this.#resource.length + 64
    for (const [scope, { pos }] of this.#scopes) size += pos + 4 * scope.name.length + 64
    const request = new PbfWriter(new Uint8Array(size))
    request.writeMessage(1, writeResourceGroup, { resource: this.#resource, scopes: this.#scopes })
    for (const writer of this.#scopes.values()) writer.pos = 0
    this.#count = 0
    return request.finish()
  }
}

interface ResourceGroup {
  readonly resource: Uint8Array
  readonly scopes: ReadonlyMap<SpanScope, PbfWriter>
}

function writeResourceGroup({ resource, scopes }: ResourceGroup, pbf: PbfWriter): void {
  pbf.writeBytesField(1, resource)
  for (const [scope, records] of scopes) {
    if (records.pos > 0) pbf.writeMessage(2, writeScopeGroup, { scope, records })
  }
}

function writeScopeGroup({ scope, records }: { scope: SpanScope; records: PbfWriter }, pbf: PbfWriter): void {
  pbf.writeMessage(1, writeScope, scope)
  pbf.realloc(records.pos)
  pbf.buf.set(records.buf.subarray(0, records.pos), pbf.pos)
  pbf.pos += records.pos
}

function writeScope({ name, version }: SpanScope, pbf: PbfWriter): void {
  writeText(pbf, 1, name)
  if (version !== undefined) pbf.writeStringField(2, version)
}
