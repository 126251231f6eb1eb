import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace'
import { type Environment, readNumber, readString } from './environment.ts'
import { ExemplarMetricsProcessor, stockMetricViews } from './metrics/exemplar-metrics-processor.ts'
import { createRegistry } from './metrics/registry.ts'
import { type FaultlineOptions, type ResolvedOptions, resolveOptions } from './options.ts'
import { type ExportObserver, Observer } from './otlp/observer.ts'
import { OtlpLogRecordProcessor, OtlpSpanProcessor } from './otlp/processors.ts'
import { createResource } from './resource.ts'
import { safeAttributes } from './safe-attributes.ts'
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
): FaultlineConfiguration {
  const { env } = process
  warnOfUnread(env)
  const { exporter, logRecordProcessors = [], views = [] } = options
  const sampler = options.sampler ?? samplerFromEnvironment(env)
  // Of a reader that the environment names, NodeSDK makes one; without any it would push its own metrics over OTLP.
  const namesReader = (readString(env, 'OTEL_METRICS_EXPORTER') ?? 'none') !== 'none'
  const metricReaders = options.metricReaders ?? (namesReader ? undefined : [])
  return {
    resource: createResource(options, env),
    // NodeSDK would put what it detects over what code says.
    autoDetectResources: false,
    sampler: new KeepSampler({ ratio: resolved.traces?.keepRatio, sampler }),
    spanProcessors: spanProcessors(options, resolved, observer),
    logRecordProcessors: resolved.logs.otlp
      ? [...logRecordProcessors, new OtlpLogRecordProcessor(exporter, observer)]
      : [...logRecordProcessors],
    views: [...stockMetricViews(), ...views],
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
    processors.push(new ExemplarMetricsProcessor({ register, durationBuckets, exemplars, slowThresholdMs }))
  }
  // Before ours, so that what they add to a span at its end is exported.
  processors.push(...own)
  if (traces) processors.push(new OtlpSpanProcessor(exporter, observer))
  return processors
}

/** Samplers by their names in the specification; NodeSDK knows the same ones but does not hand them out. */
const SAMPLERS: Readonly<Record<string, (ratio: number) => Sampler>> = {
  always_on: () => new AlwaysOnSampler(),
  always_off: () => new AlwaysOffSampler(),
  traceidratio: (ratio) => new TraceIdRatioBasedSampler(ratio),
  parentbased_always_on: () => new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  parentbased_always_off: () => new ParentBasedSampler({ root: new AlwaysOffSampler() }),
  parentbased_traceidratio: (ratio) => new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
}

/**
 * The sampler that `OTEL_TRACES_SAMPLER` names, with the ratio of `OTEL_TRACES_SAMPLER_ARG`. An unknown name is
 * reported and ignored.
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#general-sdk-configuration
 */
export function samplerFromEnvironment(env: Environment): Sampler | undefined {
  const name = readString(env, 'OTEL_TRACES_SAMPLER')
  if (name === undefined) return undefined
  const create = Object.hasOwn(SAMPLERS, name) ? SAMPLERS[name] : undefined
  if (create) return create(readNumber(env, 'OTEL_TRACES_SAMPLER_ARG', { min: 0, max: 1 }) ?? 1)
  process.emitWarning(
    `OTEL_TRACES_SAMPLER=${name} is not one of ${Object.keys(SAMPLERS).join(', ')}; parentbased_always_on is used`,
  )
  return undefined
}
