import { join } from 'node:path'
import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf'
import type { Logger } from 'pino'
import type { StoreConfig } from './config.ts'
import { ExportProfilesServiceRequestSchema } from './generated/opentelemetry/proto/collector/profiles/v1development/profiles_service_pb.js'
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from './generated/opentelemetry/proto/collector/trace/v1/trace_service_pb.js'
import type { StoreMetrics } from './metrics.ts'
import { MalformedError, unpackBatch } from './otlp/batch.ts'
import { decodeBatch } from './otlp/decode.ts'
import type { ReceivedBatch } from './otlp/receiver.ts'
import { type ConvertedBatch, convertProfiles } from './profiles/convert.ts'
import { convertPprof } from './profiles/ingest/convert.ts'
import { isPushed, packPushed, unpackPushed } from './profiles/ingest/frame.ts'
import type { ReceivedProfile } from './profiles/ingest/receiver.ts'
import { ProfileIndex } from './profiles/profile-index.ts'
import { SegmentLog } from './segments/segment-log.ts'
import { SignalStore, type StorableBatch } from './signal-store.ts'
import { TraceIndex } from './traces/trace-index.ts'

const TRACE_ID_BYTES = 16

/** Traces on the disk and in the index. */
export interface TraceStore {
  readonly index: TraceIndex
  readonly store: SignalStore<ExportTraceServiceRequest>
  /** Stores what came by OTLP. */
  receive(batch: ReceivedBatch): Promise<void>
}

/** Profiles on the disk and in the index. */
export interface ProfileStore {
  readonly index: ProfileIndex
  readonly store: SignalStore<ConvertedBatch>
  /** Stores what came by OTLP. */
  receive(batch: ReceivedBatch): Promise<void>
  /** Stores what a client of Pyroscope's pushed. */
  receivePushed(received: ReceivedProfile): Promise<void>
}

export interface OpenOptions {
  readonly config: StoreConfig
  readonly metrics: StoreMetrics
  readonly logger: Logger
  /** Told when a new segment file has been begun. */
  readonly onNewSegment: () => void
}

/** Opens the traces below the data folder; `store.replay()` is still to be called. */
export async function openTraces(options: OpenOptions): Promise<TraceStore> {
  const { config, metrics, logger } = options
  const index = new TraceIndex(config.traceIndexBytes)
  const otlp = otlpCodec(ExportTraceServiceRequestSchema, checkTraceIds)
  const store = new SignalStore({
    signal: 'traces',
    log: await openLog(options, 'traces'),
    index,
    read: otlp.read,
    count: countSpans,
    metrics,
    logger,
  })
  return { index, store, receive: (batch) => store.ingest(() => otlp.decode(batch)) }
}

/** Opens the profiles below the data folder; `store.replay()` is still to be called. */
export async function openProfiles(options: OpenOptions): Promise<ProfileStore> {
  const { config, metrics, logger } = options
  const index = new ProfileIndex(config.profileIndexBytes)
  const otlp = otlpCodec(ExportProfilesServiceRequestSchema, convertProfiles)
  const store = new SignalStore({
    signal: 'profiles',
    log: await openLog(options, 'profiles'),
    index,
    read: (frame) => (isPushed(frame) ? readPushed(frame) : otlp.read(frame)),
    count: ({ profiles }) => profiles.reduce((sum, { samples }) => sum + samples.length, 0),
    metrics,
    logger,
  })
  return {
    index,
    store,
    receive: (batch) => store.ingest(() => otlp.decode(batch)),
    receivePushed: ({ pushed, body, profile }) =>
      store.ingest(() => ({ prepared: convertPprof(profile, pushed), frame: packPushed(pushed, body) })),
  }
}

function readPushed(frame: Uint8Array): ConvertedBatch {
  const { pushed, profile } = unpackPushed(frame)
  return convertPprof(profile, pushed)
}

/** Both ways to what the index takes: from an export request, and from the frame that keeps it. */
function otlpCodec<Schema extends DescMessage, Prepared>(
  schema: Schema,
  prepare: (message: MessageShape<Schema>) => Prepared,
) {
  return {
    decode: (received: ReceivedBatch): StorableBatch<Prepared> => {
      const { message, frame } = decodeBatch(schema, received)
      return { prepared: prepare(message), frame }
    },
    read: (frame: Uint8Array): Prepared => prepare(fromBinary(schema, unpackBatch(frame))),
  }
}

function openLog({ config, onNewSegment }: OpenOptions, signal: string): Promise<SegmentLog> {
  return SegmentLog.open({
    directory: join(config.dataDirectory, signal),
    segmentBytes: config.segmentBytes,
    maxPendingBytes: config.maxPendingBytes,
    onNewSegment,
  })
}

/** Tempo refuses trace ids of another length. */
function checkTraceIds(request: ExportTraceServiceRequest): ExportTraceServiceRequest {
  for (const { scopeSpans } of request.resourceSpans) {
    for (const { spans } of scopeSpans) {
      for (const { traceId } of spans) {
        if (traceId.length !== TRACE_ID_BYTES) {
          throw new MalformedError(`trace ids must be 128 bit, received ${traceId.length * 8} bits`)
        }
      }
    }
  }
  return request
}

function countSpans(request: ExportTraceServiceRequest): number {
  return request.resourceSpans.reduce(
    (sum, { scopeSpans }) => sum + scopeSpans.reduce((inner, { spans }) => inner + spans.length, 0),
    0,
  )
}
