import { join } from 'node:path'
import type { Logger } from 'pino'
import type { StoreConfig } from './config.ts'
import { ExportProfilesServiceRequestSchema } from './generated/opentelemetry/proto/collector/profiles/v1development/profiles_service_pb.js'
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from './generated/opentelemetry/proto/collector/trace/v1/trace_service_pb.js'
import type { StoreMetrics } from './metrics.ts'
import { MalformedError } from './otlp/batch.ts'
import { type ConvertedBatch, convertProfiles } from './profiles/convert.ts'
import { ProfileIndex } from './profiles/profile-index.ts'
import { SegmentLog } from './segments/segment-log.ts'
import { SignalStore } from './signal-store.ts'
import { TraceIndex } from './traces/trace-index.ts'

const TRACE_ID_BYTES = 16

/** Traces on the disk and in the index. */
export interface TraceStore {
  readonly index: TraceIndex
  readonly store: SignalStore<typeof ExportTraceServiceRequestSchema, ExportTraceServiceRequest>
}

/** Profiles on the disk and in the index. */
export interface ProfileStore {
  readonly index: ProfileIndex
  readonly store: SignalStore<typeof ExportProfilesServiceRequestSchema, ConvertedBatch>
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
  const store = new SignalStore({
    signal: 'traces',
    schema: ExportTraceServiceRequestSchema,
    log: await openLog(options, 'traces'),
    index,
    prepare: checkTraceIds,
    count: countSpans,
    metrics,
    logger,
  })
  return { index, store }
}

/** Opens the profiles below the data folder; `store.replay()` is still to be called. */
export async function openProfiles(options: OpenOptions): Promise<ProfileStore> {
  const { config, metrics, logger } = options
  const index = new ProfileIndex(config.profileIndexBytes)
  const store = new SignalStore({
    signal: 'profiles',
    schema: ExportProfilesServiceRequestSchema,
    log: await openLog(options, 'profiles'),
    index,
    prepare: convertProfiles,
    count: ({ profiles }) => profiles.reduce((sum, { samples }) => sum + samples.length, 0),
    metrics,
    logger,
  })
  return { index, store }
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
