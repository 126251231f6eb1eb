import type { LogRecordProcessor } from '@opentelemetry/sdk-logs'
import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node'
import type { SpanProcessor } from '@opentelemetry/sdk-trace'
import { type Environment, readString } from './environment.ts'
import { ExemplarMetricsProcessor, stockMetricViews } from './metrics/exemplar-metrics-processor.ts'
import { createRegistry } from './metrics/registry.ts'
import type { FaultlineOptions } from './options.ts'
import { type ExportObserver, Observer } from './otlp/observer.ts'
import { OtlpLogRecordProcessor, OtlpSpanProcessor } from './otlp/processors.ts'
import { type ResolvedOptions, resolveOptions } from './resolve-options.ts'
import { createResource } from './resource.ts'
import { safeAttributes } from './safe-attributes.ts'
import { samplerFromEnvironment } from './sampler.ts'
import { KeepSampler } from './trace/keep-sampler.ts'
import { warnOfUnread } from './warnings.ts'

/** The part of NodeSDK's configuration that `faultline()` fills. */
export type FaultlineConfiguration = Pick<
  NodeSDKConfiguration,
  'resource' | 'autoDetectResources' | 'sampler'
> &
  Required<Pick<NodeSDKConfiguration, 'spanProcessors' | 'logRecordProcessors' | 'views'>> &
  Partial<Pick<NodeSDKConfiguration, 'metricReaders'>>

/**
 * What makes a distribution of the OpenTelemetry SDK, for a NodeSDK of one's own:
 *
 *     new NodeSDK({ ...faultline({ serviceName: 'catalog', register }), instrumentations: [...] })
 *
 * Processors, sampler, views and readers of one's own go into `options`: beside the spread they would replace ours.
 *
 * @throws TypeError when an endpoint is not an http(s) URL
 */
export function faultline(options: FaultlineOptions = {}): FaultlineConfiguration {
  const register = options.register ?? createRegistry()
  const resolved = resolveOptions(options, process.env)
  return configure({ ...options, register }, resolved, new Observer(resolved.metrics && register))
}

/** @param resolved the same options with nothing left open */
export function configure(
  options: FaultlineOptions & Required<Pick<FaultlineOptions, 'register'>>,
  resolved: ResolvedOptions,
  observer: ExportObserver,
  env: Environment = process.env,
): FaultlineConfiguration {
  warnOfUnread(env)
  const sampler = options.sampler ?? samplerFromEnvironment(env)
  const ratio = resolved.traces?.keepRatio
  const metricReaders = options.metricReaders ?? (namesReader(env) ? undefined : [])
  return {
    resource: createResource(options, env),
    // NodeSDK would put what it detects over what code says.
    autoDetectResources: false,
    sampler: new KeepSampler({ ...(ratio !== undefined && { ratio }), ...(sampler && { sampler }) }),
    spanProcessors: spanProcessors(options, resolved, observer),
    logRecordProcessors: logRecordProcessors(options, resolved, observer),
    views: [...stockMetricViews(), ...(options.views ?? [])],
    // Without any, NodeSDK would push the SDK's own metrics over OTLP.
    ...(metricReaders && { metricReaders: [...metricReaders] }),
  }
}

function spanProcessors(
  { register, exporter, spanProcessors: own = [] }: Parameters<typeof configure>[0],
  { traces, metrics }: ResolvedOptions,
  observer: ExportObserver,
): SpanProcessor[] {
  // Without any, NodeSDK makes no tracer provider.
  if (!traces && !metrics && own.length === 0) return []
  const processors: SpanProcessor[] = [safeAttributes]
  if (metrics) {
    const { durationBuckets } = metrics
    // An exemplar of a trace that goes nowhere would lead nowhere.
    const exemplars = traces || own.length > 0 ? metrics.exemplars : 'none'
    const slowThresholdMs = traces?.slowThresholdMs
    processors.push(
      new ExemplarMetricsProcessor({
        register,
        durationBuckets,
        exemplars,
        ...(slowThresholdMs !== undefined && { slowThresholdMs }),
      }),
    )
  }
  // Before ours, so that what they add to a span at its end is exported.
  processors.push(...own)
  if (traces) processors.push(new OtlpSpanProcessor(exporter, observer))
  return processors
}

function logRecordProcessors(
  { exporter, logRecordProcessors: own = [] }: FaultlineOptions,
  { logs }: ResolvedOptions,
  observer: ExportObserver,
): LogRecordProcessor[] {
  return logs.otlp ? [...own, new OtlpLogRecordProcessor(exporter, observer)] : [...own]
}

/** Whether the environment asks for a reader of the SDK's metrics, which NodeSDK then makes. */
function namesReader(env: Environment): boolean {
  const names = readString(env, 'OTEL_METRICS_EXPORTER')
  return names !== undefined && names !== 'none'
}
