import { hasKeepMark } from './keep.ts'
import { parseTraceparent } from './traceparent.ts'
import type { ParentContext } from './tracer.ts'

/** The caller's span as its headers tell it. @returns undefined without a valid `traceparent` */
export function remoteParent(traceparent: string | undefined, traceState: string): ParentContext | undefined {
  const parent = traceparent === undefined ? undefined : parseTraceparent(traceparent)
  if (!parent) return undefined
  return { traceId: parent.traceId, spanId: parent.spanId, traceState, kept: hasKeepMark(traceState) }
}
