import type { InstrumentationScope } from '@opentelemetry/core'
import type { Resource } from '@opentelemetry/resources'
import { PbfWriter } from 'pbf'
import { writeAttribute, writeText } from './wire.ts'

const INITIAL_BYTES = 4 * 1024
/** Past this a batch is sealed whatever its count: collectors refuse messages over 4 MiB by default. */
const MAX_BATCH_BYTES = 2 * 1024 * 1024
/** A record that is larger is left out, as it would make a batch that a collector refuses. */
const MAX_RECORD_BYTES = 1024 * 1024

/** The part of the SDK's `Resource` that is exported; detectors may still look for attributes, of a cloud for instance. */
export type BatchResource = Pick<Resource, 'attributes' | 'asyncAttributesPending' | 'waitForAsyncAttributes'>

/** What the SDK says of each span and log record. */
export interface Batchable {
  readonly resource: BatchResource
  readonly instrumentationScope: InstrumentationScope
}

/**
 * Spans or log records of one export request, written to the wire as they come. `Export*ServiceRequest`,
 * `Resource*` and `Scope*` have the same field numbers for both signals, so one class serves both.
 */
export class RecordBatch {
  readonly #resources = new Map<BatchResource, Map<InstrumentationScope, PbfWriter>>()
  #count = 0
  #bytes = 0

  get count(): number {
    return this.#count
  }

  /** Resolves when every attribute of the resources is known. */
  async settle(): Promise<void> {
    await Promise.all([...this.#resources.keys()].map((resource) => resource.waitForAsyncAttributes?.()))
  }

  get isSettled(): boolean {
    return [...this.#resources.keys()].every(({ asyncAttributesPending = false }) => !asyncAttributesPending)
  }

  /** The batch should be sealed for its size. */
  get isLarge(): boolean {
    return this.#bytes >= MAX_BATCH_BYTES
  }

  /**
   * Writes one record with `write`.
   * @returns whether it is in: one that cannot be written, or is too large, leaves the batch as it was
   */
  append<T extends Batchable>(write: (record: T, pbf: PbfWriter) => void, record: T): boolean {
    const writer = this.#writerOf(record)
    const before = writer.pos
    try {
      writer.writeMessage(2, write, record)
    } catch {
      writer.pos = before
      return false
    }
    if (writer.pos - before > MAX_RECORD_BYTES) {
      writer.pos = before
      return false
    }
    this.#count += 1
    this.#bytes += writer.pos - before
    return true
  }

  /** The request with everything appended since the last call; the batch is empty afterwards. */
  take(): Uint8Array {
    const request = new PbfWriter(new Uint8Array(this.#bytes + 4_096))
    for (const [resource, scopes] of this.#resources) {
      if ([...scopes.values()].some(({ pos }) => pos > 0)) {
        request.writeMessage(1, writeResourceGroup, { resource, scopes })
      }
      for (const [scope, writer] of scopes) {
        // A scope that is not heard of any more holds no memory.
        if (writer.pos === 0) scopes.delete(scope)
        writer.pos = 0
      }
      if (scopes.size === 0) this.#resources.delete(resource)
    }
    this.#count = 0
    this.#bytes = 0
    return request.finish()
  }

  #writerOf({ resource, instrumentationScope }: Batchable): PbfWriter {
    let scopes = this.#resources.get(resource)
    if (!scopes) {
      scopes = new Map()
      resource.waitForAsyncAttributes?.().catch(() => undefined)
      this.#resources.set(resource, scopes)
    }
    let writer = scopes.get(instrumentationScope)
    if (!writer) {
      writer = new PbfWriter(new Uint8Array(INITIAL_BYTES))
      scopes.set(instrumentationScope, writer)
    }
    return writer
  }
}

interface ResourceGroup {
  readonly resource: BatchResource
  readonly scopes: ReadonlyMap<InstrumentationScope, PbfWriter>
}

function writeResourceGroup({ resource, scopes }: ResourceGroup, pbf: PbfWriter): void {
  pbf.writeMessage(1, writeResource, resource)
  for (const [scope, records] of scopes) {
    if (records.pos > 0) pbf.writeMessage(2, writeScopeGroup, { scope, records })
  }
}

/** Writes `opentelemetry.proto.resource.v1.Resource`. */
export function writeResource({ attributes }: Pick<Resource, 'attributes'>, pbf: PbfWriter): void {
  for (const [key, value] of Object.entries(attributes)) writeAttribute(pbf, 1, key, value)
}

function writeScopeGroup(
  { scope, records }: { scope: InstrumentationScope; records: PbfWriter },
  pbf: PbfWriter,
): void {
  pbf.writeMessage(1, writeScope, scope)
  pbf.realloc(records.pos)
  pbf.buf.set(records.buf.subarray(0, records.pos), pbf.pos)
  pbf.pos += records.pos
}

function writeScope({ name, version }: InstrumentationScope, pbf: PbfWriter): void {
  writeText(pbf, 1, name)
  if (version) writeText(pbf, 2, version)
}
