import {
  type Context,
  propagation,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from '@opentelemetry/api'
import { formatBaggage, parseBaggage } from './baggage.ts'

const BAGGAGE = 'baggage'

/** Adds W3C Baggage of the listed keys to another propagator. */
export class BaggagePropagator implements TextMapPropagator {
  readonly #inner: TextMapPropagator
  readonly #keys: ReadonlySet<string>

  constructor(inner: TextMapPropagator, keys: ReadonlySet<string>) {
    this.#inner = inner
    this.#keys = keys
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    this.#inner.inject(context, carrier, setter)
    const header = formatBaggage(propagation.getBaggage(context), this.#keys)
    if (header !== '') setter.set(carrier, BAGGAGE, header)
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const extracted = this.#inner.extract(context, carrier, getter)
    const header = getter.get(carrier, BAGGAGE)
    const baggage = header === undefined ? undefined : parseBaggage([header].flat().join(','), this.#keys)
    return baggage ? propagation.setBaggage(extracted, baggage) : extracted
  }

  fields(): string[] {
    return [...this.#inner.fields(), BAGGAGE]
  }
}
