import {
  ErrorCode,
  type JsonValue,
  OpenFeatureEventEmitter,
  type Provider,
  ProviderEvents,
  type ResolutionDetails,
  StandardResolutionReasons,
} from '@openfeature/server-sdk'
import { type FlagValues, isFlagName } from './flag-values.ts'

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
