import type { PbfWriter } from 'pbf'
import { writeKnownAttribute } from '../otlp/known-attributes.ts'
import type { RecordedSpan } from '../trace/span.ts'
import { writeHead, writeTraceIds } from './record-encoding.ts'

export const ACCESS_MESSAGE = 'request completed'

/** The fields of a `request completed` line, named by the semantic conventions; duration in seconds. */
export interface AccessFields {
  'http.request.method': string
  'http.route': string | undefined
  'url.path': string
  'http.response.status_code': number
  'http.server.request.duration': number
  'request.id': string | undefined
  'error.type': string | undefined
}

/** One access line on its way to both outputs. */
export interface AccessRecord {
  readonly level: 'info' | 'error'
  readonly fields: AccessFields
  readonly span: RecordedSpan | undefined
}

/** Writes the record without the detour over its JSON line. */
export function writeAccessRecord({ level, fields, span }: AccessRecord, pbf: PbfWriter): void {
  writeHead(pbf, Date.now(), level, ACCESS_MESSAGE)
  for (const key in fields) {
    const value = fields[key as keyof AccessFields]
    if (value !== undefined) writeKnownAttribute(pbf, 6, key, value)
  }
  if (span) writeTraceIds(pbf, span.traceId, span.spanId)
}
