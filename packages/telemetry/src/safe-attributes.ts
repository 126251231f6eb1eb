import { type AttributeValue, diag, type Span } from '@opentelemetry/api'
import type { SpanProcessor } from '@opentelemetry/sdk-trace'

const guarded = new WeakSet<object>()

/**
 * Keeps an attribute whose value cannot be read (a getter that throws) from failing the request that sets it: the
 * SDK looks through every value and lets the error out. The value is left out.
 */
export const safeAttributes: SpanProcessor = {
  onStart(span) {
    const prototype = Object.getPrototypeOf(span) as Span
    if (guarded.has(prototype)) return
    guarded.add(prototype)
    const { setAttribute } = prototype
    const set = (target: Span, key: string, value: () => AttributeValue | undefined): void => {
      try {
        const read = value()
        if (read !== undefined) setAttribute.call(target, key, read)
      } catch (error) {
        diag.warn(`attribute ${key} cannot be read`, error)
      }
    }
    prototype.setAttribute = function (this: Span, key, value) {
      set(this, key, () => value)
      return this
    }
    prototype.setAttributes = function (this: Span, attributes) {
      for (const key of Object.keys(attributes)) set(this, key, () => attributes[key])
      return this
    }
  },
  onEnd() {},
  async forceFlush() {},
  async shutdown() {},
}
