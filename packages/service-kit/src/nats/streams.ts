import {
  DiscardPolicy,
  JetStreamApiError,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream'
import { type NatsConnection, nanos } from '@nats-io/transport-node'

/** A JetStream stream as both sides of it describe it. */
export interface StreamDefinition {
  readonly name: string
  readonly subjects: readonly string[]
  readonly description: string
  /** Messages older than this are dropped. */
  readonly maxAgeMs: number
  /** Past this size the oldest messages are dropped. */
  readonly maxBytes: number
  /** A message whose `Nats-Msg-Id` was seen this long ago or less is acknowledged, but not stored again. */
  readonly duplicateWindowMs: number
}

/**
 * Makes a stream, or brings one that exists to its definition; whoever needs it calls this, publisher or consumer,
 * as none of them may rely on the other having started first.
 */
export async function ensureStream(connection: NatsConnection, definition: StreamDefinition): Promise<void> {
  const { streams } = await jetstreamManager(connection, { checkAPI: false })
  const config = {
    description: definition.description,
    subjects: [...definition.subjects],
    max_age: nanos(definition.maxAgeMs),
    max_bytes: definition.maxBytes,
    duplicate_window: nanos(definition.duplicateWindowMs),
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    // Lets anybody ask for the next message of a subject, which lag is measured by.
    allow_direct: true,
  }
  try {
    await streams.add({ name: definition.name, ...config })
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== STREAM_NAME_IN_USE) throw error
    await streams.update(definition.name, config)
  }
}

/** Made with other settings before. https://docs.nats.io/reference/reference-protocols/nats_api_reference */
const STREAM_NAME_IN_USE = 10_058
