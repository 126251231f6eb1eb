import { isSpanContextValid } from '@opentelemetry/api'
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs'
import type { PbfWriter } from 'pbf'
import { writeAnyValue, writeAttribute } from '../otlp/attributes.ts'
import { writeHexField } from '../otlp/hex.ts'
import { writeKnownAttribute } from '../otlp/known-attributes.ts'
import { writeTime } from '../otlp/span-encoding.ts'
import { writeText } from '../otlp/text.ts'
import { boundAttributes, boundBody, cutText } from './record-bounds.ts'

/** Marks a record of which not all is there. */
export const TRUNCATED = 'telemetry.truncated'
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

/** Longer than `writeAnyValue` has strings: the bound of a body is its own. */
function writeStringValue(text: string, pbf: PbfWriter): void {
  writeText(pbf, 1, text)
}
