import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace'
import { type Environment, readNumber, readString } from './environment.ts'

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
