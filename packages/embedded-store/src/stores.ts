import { join } from 'node:path'
import type { Logger } from 'pino'
import type { StoreConfig } from './config.ts'
import { ExportProfilesServiceRequestSchema } from './generated/opentelemetry/proto/collector/profiles/v1development/profiles_service_pb.js'
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from './generated/opentelemetry/proto/collector/trace/v1/trace_service_pb.js'
import type { Signal, StoreMetrics } from './metrics.ts'
import { otlpCodec, type ReceivedBatch } from './otlp.ts'
import { convertProfiles } from './profiles/convert-otlp.ts'
import { convertPprof } from './profiles/convert-pprof.ts'
import { ProfileIndex } from './profiles/profile-index.ts'
import { isPushed, packPushed, type ReceivedProfile, unpackPushed } from './profiles/push.ts'
import { Refusal } from './refusal.ts'
import { SegmentLog } from './storage/segment-log.ts'
import { SignalStore } from './storage/signal-store.ts'
import { TraceIndex } from './traces/trace-index.ts'

const TRACE_ID_BYTES = 16

export interface OpenOptions {
  readonly config: StoreConfig
  readonly metrics: StoreMetrics
  readonly logger: Logger
  /** Told when a new segment file has been begun. */
  readonly onNewSegment: () => void
}

/** Opens the traces below the data folder; `store.replay()` is still to be called. */
export async function openTraces(options: OpenOptions) {
  const index = new TraceIndex(options.config.traceIndexBytes)
  const otlp = otlpCodec(ExportTraceServiceRequestSchema, checkTraceIds)
  const store = new SignalStore({
    ...(await openLog(options, 'traces')),
    index,
    read: otlp.read,
    count: (request) => scopes(request).reduce((sum, { spans }) => sum + spans.length, 0),
  })
  return { index, store, receive: (batch: ReceivedBatch) => store.ingest(() => otlp.decode(batch)) }
}

/** Opens the profiles below the data folder; `store.replay()` is still to be called. */
export async function openProfiles(options: OpenOptions) {
  const index = new ProfileIndex(options.config.profileIndexBytes)
  const otlp = otlpCodec(ExportProfilesServiceRequestSchema, convertProfiles)
  const store = new SignalStore({
    ...(await openLog(options, 'profiles')),
    index,
    read: (frame) => {
      if (!isPushed(frame)) return otlp.read(frame)
      const { pushed, profile } = unpackPushed(frame)
      return convertPprof(profile, pushed)
    },
    count: ({ profiles }) => profiles.reduce((sum, { samples }) => sum + samples.length, 0),
  })
  return {
    index,
    store,
    receive: (batch: ReceivedBatch) => store.ingest(() => otlp.decode(batch)),
    /** Stores what a client of Pyroscope's pushed. */
    receivePushed: ({ pushed, body, profile }: ReceivedProfile) =>
      store.ingest(() => ({ prepared: convertPprof(profile, pushed), frame: packPushed(pushed, body) })),
  }
}

async function openLog({ config, metrics, logger, onNewSegment }: OpenOptions, signal: Signal) {
  const log = await SegmentLog.open({
    directory: join(config.dataDirectory, signal),
    segmentBytes: config.segmentBytes,
    maxPendingBytes: config.maxPendingBytes,
    onNewSegment,
  })
  return { signal, log, metrics, logger }
}

/** Tempo refuses trace ids of another length. */
function checkTraceIds(request: ExportTraceServiceRequest): ExportTraceServiceRequest {
  for (const { spans } of scopes(request)) {
    for (const { traceId } of spans) {
      if (traceId.length !== TRACE_ID_BYTES) {
        throw new Refusal(400, `trace ids must be 128 bit, received ${traceId.length * 8} bits`)
      }
    }
  }
  return request
}

function scopes({ resourceSpans }: ExportTraceServiceRequest) {
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans)
}
