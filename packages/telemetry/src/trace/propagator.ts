import {
  type Context,
  createTraceState,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { RecordedSpan } from './span.ts'
import { formatTraceparent, parseTraceparent } from './traceparent.ts'

const TRACEPARENT = 'traceparent'
const TRACESTATE = 'tracestate'

/** W3C Trace Context for `propagation.inject` and `propagation.extract` of the OpenTelemetry API. */
export class TraceContextPropagator implements TextMapPropagator {
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = trace.getSpan(context)
    if (!span) return
    const { traceId, spanId, traceState } = span.spanContext()
    if (!trace.isSpanContextValid({ traceId, spanId, traceFlags: TraceFlags.NONE })) return
    setter.set(carrier, TRACEPARENT, formatTraceparent(traceId, spanId))
    const state = span instanceof RecordedSpan ? span.traceState : (traceState?.serialize() ?? '')
    if (state !== '') setter.set(carrier, TRACESTATE, state)
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const header = first(getter.get(carrier, TRACEPARENT))
    const parent = header === undefined ? undefined : parseTraceparent(header)
    if (!parent) return context
    const { traceId, spanId, flags: traceFlags } = parent
    const states = getter.get(carrier, TRACESTATE)
    const state = Array.isArray(states) ? states.join(',') : states
    const remote = { traceId, spanId, traceFlags, isRemote: true }
    return trace.setSpanContext(context, state ? { ...remote, traceState: createTraceState(state) } : remote)
  }

  fields(): string[] {
    return [TRACEPARENT, TRACESTATE]
  }
}

/** Two traceparent headers are invalid, as neither can be trusted over the other. */
function first(value: string | string[] | undefined): string | undefined {
  if (!Array.isArray(value)) return value
  return value.length === 1 ? value[0] : undefined
}
