import {
  type Attributes,
  type HrTime,
  isSpanContextValid,
  type Link,
  SpanStatusCode,
} from '@opentelemetry/api'
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs'
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace'
import type { PbfWriter } from 'pbf'
import { boundAttributes, boundBody, cutText } from '../logs/record-bounds.ts'
import {
  MAX_STRING,
  writeAnyValue,
  writeAttribute,
  writeHexField,
  writeKnownAttribute,
  writeStringValue,
  writeText,
} from './wire.ts'

/** Bytes after which no more attributes and events of a span are written, so that the span itself is not lost. */
const MAX_SPAN_BYTES = 512 * 1024

/** Writes an ended span as `opentelemetry.proto.trace.v1.Span`. */
export function writeSpan(span: ReadableSpan, pbf: PbfWriter): void {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext()
  const end = pbf.pos + MAX_SPAN_BYTES
  writeHexField(pbf, 1, traceId)
  writeHexField(pbf, 2, spanId)
  if (traceState) writeText(pbf, 3, traceState.serialize())
  if (span.parentSpanContext) writeHexField(pbf, 4, span.parentSpanContext.spanId)
  writeText(pbf, 5, span.name.slice(0, MAX_STRING))
  // The API counts kinds from 0, the protocol from 1 as it has UNSPECIFIED.
  pbf.writeVarintField(6, span.kind + 1)
  writeTime(pbf, 7, span.startTime)
  writeTime(pbf, 8, span.endTime)
  const { attributes } = span
  let droppedAttributes = span.droppedAttributesCount
  for (const key of Object.keys(attributes)) {
    if (pbf.pos < end) writeKnownAttribute(pbf, 9, key, attributes[key])
    else droppedAttributes += 1
  }
  if (droppedAttributes > 0) pbf.writeVarintField(10, droppedAttributes)
  let droppedEvents = span.droppedEventsCount
  for (const event of span.events) {
    if (pbf.pos < end) pbf.writeMessage(11, writeEvent, event)
    else droppedEvents += 1
  }
  if (droppedEvents > 0) pbf.writeVarintField(12, droppedEvents)
  for (const link of span.links) {
    // Ids that a receiver refuses would cost the whole batch.
    if (link.context && isSpanContextValid(link.context)) pbf.writeMessage(13, writeLink, link)
  }
  if (span.droppedLinksCount > 0) pbf.writeVarintField(14, span.droppedLinksCount)
  if (span.status.code !== SpanStatusCode.UNSET) pbf.writeMessage(15, writeStatus, span)
  pbf.writeTag(16, 5)
  pbf.writeFixed32(traceFlags)
}

/** Writes a time as nanoseconds since the Unix epoch; exact to 256 ns, a double's step at that size. */
function writeTime(pbf: PbfWriter, tag: number, [seconds, nanos]: HrTime): void {
  pbf.writeTag(tag, 1)
  pbf.writeFixed64(seconds * 1e9 + nanos)
}

function writeEvent(event: TimedEvent, pbf: PbfWriter): void {
  writeTime(pbf, 1, event.time)
  writeText(pbf, 2, event.name)
  if (event.attributes) writeAttributes(event.attributes, 3, pbf)
  if (event.droppedAttributesCount) pbf.writeVarintField(4, event.droppedAttributesCount)
}

function writeLink({ context, attributes, droppedAttributesCount }: Link, pbf: PbfWriter): void {
  writeHexField(pbf, 1, context.traceId)
  writeHexField(pbf, 2, context.spanId)
  const state = context.traceState?.serialize?.()
  if (state) writeText(pbf, 3, state)
  if (attributes) writeAttributes(attributes, 4, pbf)
  if (droppedAttributesCount) pbf.writeVarintField(5, droppedAttributesCount)
}

function writeStatus({ status }: ReadableSpan, pbf: PbfWriter): void {
  if (status.message) writeText(pbf, 2, status.message.slice(0, MAX_STRING))
  pbf.writeVarintField(3, status.code)
}

function writeAttributes(attributes: Attributes, tag: number, pbf: PbfWriter): void {
  for (const key of Object.keys(attributes)) writeAttribute(pbf, tag, key, attributes[key])
}

/** Marks a record of which not all is there. */
const TRUNCATED = 'telemetry.truncated'
/** Bytes of a severity's or an event's name. */
const MAX_NAME_BYTES = 256

/**
 * Writes a record as `opentelemetry.proto.logs.v1.LogRecord`. A record that is larger than Loki takes is cut, and
 * has the attribute `telemetry.truncated`; attributes that had no room are counted in `dropped_attributes_count`.
 */
export function writeLogRecord(record: ReadableLogRecord, pbf: PbfWriter): void {
  const { severityNumber, severityText, eventName, spanContext } = record
  writeTime(pbf, 1, record.hrTime)
  if (severityNumber) pbf.writeVarintField(2, severityNumber)
  if (severityText) writeText(pbf, 3, cutText(severityText, MAX_NAME_BYTES))
  const { body, isCut: isBodyCut } = boundBody(record.body)
  // Its bound is its own, longer than that of other texts.
  if (typeof body === 'string') pbf.writeMessage(5, writeStringValue, body)
  else if (body !== undefined) writeAnyValue(pbf, 5, body)

  const { attributes, dropped, isCut } = boundAttributes(record.attributes)
  for (const key in attributes) writeKnownAttribute(pbf, 6, key, attributes[key])
  const droppedCount = record.droppedAttributesCount + dropped
  if (isBodyCut || isCut || droppedCount > 0) writeAttribute(pbf, 6, TRUNCATED, true)
  if (droppedCount > 0) pbf.writeVarintField(7, droppedCount)

  // Ids that a receiver refuses would cost the whole batch.
  if (spanContext && isSpanContextValid(spanContext)) {
    pbf.writeTag(8, 5)
    pbf.writeFixed32(spanContext.traceFlags)
    writeHexField(pbf, 9, spanContext.traceId)
    writeHexField(pbf, 10, spanContext.spanId)
  }
  writeTime(pbf, 11, record.hrTimeObserved)
  if (eventName) writeText(pbf, 12, cutText(eventName, MAX_NAME_BYTES))
}
