import { readFileSync } from 'node:fs'
import { createFileRegistry, fromBinary, toJson } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'

/**
 * Descriptors of the PyPI package opentelemetry-proto 1.45.2, so that what this package writes is read by code
 * that knows the protocol from elsewhere.
 */
const registry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, readFileSync(new URL('./otlp.binpb', import.meta.url))),
)

const MESSAGES = {
  traces: 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest',
  logs: 'opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest',
  profiles: 'opentelemetry.proto.collector.profiles.v1development.ExportProfilesServiceRequest',
} as const

/** Decodes a request into protobuf's JSON form: 64-bit numbers are strings, bytes are Base64. */
export function decodeJson(signal: keyof typeof MESSAGES, body: Uint8Array): unknown {
  const schema = registry.getMessage(MESSAGES[signal])
  if (!schema) throw new Error(`no descriptor of ${MESSAGES[signal]}`)
  return toJson(schema, fromBinary(schema, body), { registry })
}
