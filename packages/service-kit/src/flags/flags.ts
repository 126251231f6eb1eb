import { FLAGS_BUCKET, type FlagName, type FlagValue } from '@faultline/contracts'
import {
  type Client,
  ErrorCode,
  type JsonValue,
  OpenFeature,
  OpenFeatureEventEmitter,
  type Provider,
  ProviderEvents,
  type ResolutionDetails,
  StandardResolutionReasons,
} from '@openfeature/server-sdk'
import { Gauge } from 'prom-client'
import type { Nats } from '../nats/connect.ts'
import { watchBucket } from '../nats/watch-bucket.ts'
import type { Logger, MetricsRegistry } from '../telemetry-types.ts'
import { FLAG_NAMES, FlagValues, flagDefinition, isFlagName } from './flag-values.ts'

export interface FlagsOptions {
  nats: Nats
  logger: Logger
  register: MetricsRegistry
  /** Domain of the OpenFeature provider; another one for each where several live in one process. */
  domain?: string
}

export const flagsDefaults = { domain: 'box-office' } satisfies Partial<FlagsOptions>

/** Feature flags of a service. */
export interface Flags {
  /** The current value; the default while the broker has never been there. Costs a map look-up, so ask each time. */
  value<Name extends FlagName>(name: Name): FlagValue<Name>
  /** The same flags by OpenFeature's API. */
  readonly client: Client
  stop(): void
}

/**
 * Flags from the broker's bucket: a flip reaches every replica at once, a broker that is away changes nothing, and a
 * reconnect catches up.
 */
export function createFlags(options: FlagsOptions): Flags {
  const { nats, logger, register, domain } = { ...flagsDefaults, ...options }
  const values = new FlagValues(logger)
  const provider = new BucketFlagProvider(values)
  OpenFeature.setProvider(domain, provider)
  new Gauge({
    name: 'feature_flag_active',
    help: '1 for the value that a feature flag has in this process, 0 for its others',
    labelNames: ['feature_flag_key', 'feature_flag_result_variant'],
    registers: [register],
    collect() {
      for (const name of FLAG_NAMES) {
        const current: unknown = values.get(name)
        for (const variant of flagDefinition(name).variants) {
          const labels = { feature_flag_key: name, feature_flag_result_variant: String(variant) }
          this.set(labels, variant === current ? 1 : 0)
        }
      }
    },
  })

  function changed(names: readonly FlagName[]): void {
    if (names.length === 0) return
    for (const name of names) {
      logger.info({ 'feature_flag.key': name, value: values.get(name) }, 'feature flag changed')
    }
    provider.changed([...names])
  }

  const watch = watchBucket({
    nats,
    bucket: FLAGS_BUCKET,
    logger,
    onValue: (key, text) => {
      const name = values.set(key, text)
      if (name !== undefined) changed([name])
    },
    onReplayed: (keys) => changed(values.keepOnly(keys)),
  })

  return {
    value: (name) => values.get(name),
    client: OpenFeature.getClient(domain),
    stop: () => watch.stop(),
  }
}

/** OpenFeature over the values that were last heard of; it never waits for the broker. */
export class BucketFlagProvider implements Provider {
  readonly metadata = { name: 'nats-kv' }
  readonly runsOn = 'server'
  readonly events = new OpenFeatureEventEmitter()
  readonly #values: FlagValues

  constructor(values: FlagValues) {
    this.#values = values
  }

  /** Tells OpenFeature's listeners. */
  changed(flagsChanged: string[]): void {
    this.events.emit(ProviderEvents.ConfigurationChanged, { flagsChanged })
  }

  resolveBooleanEvaluation(key: string, fallback: boolean): Promise<ResolutionDetails<boolean>> {
    return this.#resolve(key, fallback, (value) => typeof value === 'boolean')
  }

  resolveStringEvaluation(key: string, fallback: string): Promise<ResolutionDetails<string>> {
    return this.#resolve(key, fallback, (value) => typeof value === 'string')
  }

  resolveNumberEvaluation(key: string, fallback: number): Promise<ResolutionDetails<number>> {
    return this.#resolve(key, fallback, (value) => typeof value === 'number')
  }

  resolveObjectEvaluation<T extends JsonValue>(key: string, fallback: T): Promise<ResolutionDetails<T>> {
    return this.#resolve(key, fallback, (_value): _value is T => false)
  }

  async #resolve<T>(
    key: string,
    fallback: T,
    isRight: (value: unknown) => value is T,
  ): Promise<ResolutionDetails<T>> {
    if (!isFlagName(key)) {
      return { value: fallback, reason: StandardResolutionReasons.ERROR, errorCode: ErrorCode.FLAG_NOT_FOUND }
    }
    const value: unknown = this.#values.get(key)
    if (!isRight(value)) {
      return { value: fallback, reason: StandardResolutionReasons.ERROR, errorCode: ErrorCode.TYPE_MISMATCH }
    }
    const reason = this.#values.isStored(key)
      ? StandardResolutionReasons.CACHED
      : StandardResolutionReasons.DEFAULT
    return { value, variant: String(value), reason }
  }
}
