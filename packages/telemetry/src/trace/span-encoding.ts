import { type Attributes, type Link, SpanStatusCode } from '@opentelemetry/api'
import type { PbfWriter } from 'pbf'
import { writeAttribute } from '../otlp/attributes.ts'
import { writeHexField } from '../otlp/hex.ts'
import { writeKnownAttribute } from '../otlp/known-attributes.ts'
import { writeText } from '../otlp/text.ts'
import { toUnixNanos } from './clock.ts'
import type { RecordedSpan, SpanEvent } from './span.ts'

/** W3C sampled flag, as in every traceparent this package writes. */
const FLAG_SAMPLED = 1

/** Writes one span as `opentelemetry.proto.trace.v1.Span`. */
export function writeSpan(span: RecordedSpan, pbf: PbfWriter): void {
  writeHexField(pbf, 1, span.traceId)
  writeHexField(pbf, 2, span.spanId)
  if (span.traceState !== '') writeText(pbf, 3, span.traceState)
  if (span.parentSpanId !== undefined) writeHexField(pbf, 4, span.parentSpanId)
  writeText(pbf, 5, span.name)
  // The API counts kinds from 0, the protocol from 1 as it has UNSPECIFIED.
  pbf.writeVarintField(6, span.kind + 1)
  pbf.writeTag(7, 1)
  pbf.writeFixed64(toUnixNanos(span.startMs))
  pbf.writeTag(8, 1)
  pbf.writeFixed64(toUnixNanos(span.endMs))
  const { attributes } = span
  for (let index = 0; index < attributes.length; index += 2) {
    writeKnownAttribute(pbf, 9, attributes[index] as string, attributes[index + 1])
  }
  if (span.droppedAttributes > 0) pbf.writeVarintField(10, span.droppedAttributes)
  if (span.events) for (const event of span.events) pbf.writeMessage(11, writeEvent, event)
  if (span.droppedEvents > 0) pbf.writeVarintField(12, span.droppedEvents)
  if (span.links) for (const link of span.links) pbf.writeMessage(13, writeLink, link)
  if (span.statusCode !== SpanStatusCode.UNSET) pbf.writeMessage(15, writeStatus, span)
  pbf.writeTag(16, 5)
  pbf.writeFixed32(FLAG_SAMPLED)
}

function writeEvent(event: SpanEvent, pbf: PbfWriter): void {
  pbf.writeTag(1, 1)
  pbf.writeFixed64(toUnixNanos(event.timeMs))
  writeText(pbf, 2, event.name)
  writeAttributes(event.attributes, 3, pbf)
}

function writeLink({ context, attributes }: Link, pbf: PbfWriter): void {
  writeHexField(pbf, 1, context.traceId)
  writeHexField(pbf, 2, context.spanId)
  const state = context.traceState?.serialize()
  if (state) writeText(pbf, 3, state)
  if (attributes) writeAttributes(attributes, 4, pbf)
}

function writeStatus({ statusCode, statusMessage }: RecordedSpan, pbf: PbfWriter): void {
  if (statusMessage !== '') writeText(pbf, 2, statusMessage)
  pbf.writeVarintField(3, statusCode)
}

function writeAttributes(attributes: Attributes, tag: number, pbf: PbfWriter): void {
  for (const key in attributes) {
    const value = attributes[key]
    if (value !== undefined) writeAttribute(pbf, tag, key, value)
  }
}
