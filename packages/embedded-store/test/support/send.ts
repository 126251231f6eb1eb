import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { toBinary } from '@bufbuild/protobuf'
import { ExportProfilesServiceRequestSchema } from '../../src/generated/opentelemetry/proto/collector/profiles/v1development/profiles_service_pb.js'
import { ExportTraceServiceRequestSchema } from '../../src/generated/opentelemetry/proto/collector/trace/v1/trace_service_pb.js'
import { type PlainPprof, pprofProfile } from './pprof.ts'
import { type PlainProfile, profilesRequest } from './profiles.ts'
import { type PlainSpan, traceRequest } from './traces.ts'

const gzipAsync = promisify(gzip)

/** Sends a body as OTLP/HTTP protobuf, gzip on request. */
export async function post(url: string, body: Uint8Array, compress = false): Promise<Response> {
  const headers = {
    'Content-Type': 'application/x-protobuf',
    ...(compress && { 'Content-Encoding': 'gzip' }),
  }
  return fetch(url, { method: 'POST', headers, body: Buffer.from(compress ? await gzipAsync(body) : body) })
}

export function sendSpans(otlp: string, spans: readonly PlainSpan[], compress = false): Promise<Response> {
  return post(`${otlp}/v1/traces`, toBinary(ExportTraceServiceRequestSchema, traceRequest(spans)), compress)
}

export function sendProfiles(
  pyroscope: string,
  profiles: readonly PlainProfile[],
  compress = false,
): Promise<Response> {
  const body = toBinary(ExportProfilesServiceRequestSchema, profilesRequest(profiles))
  return post(`${pyroscope}/v1development/profiles`, body, compress)
}

/** Pushes a profile as `@pyroscope/nodejs` does. */
export async function pushProfile(
  pyroscope: string,
  name: string,
  profile: PlainPprof,
  fromMs: number,
): Promise<Response> {
  const body = await gzipAsync(pprofProfile(profile).encode())
  return push(pyroscope, { name, from: String(Math.floor(fromMs / 1000)) }, body)
}

/** Pushes any body; the parameters are added to those that are always there. */
export function push(
  pyroscope: string,
  parameters: Readonly<Record<string, string>>,
  body: Uint8Array,
): Promise<Response> {
  const query = new URLSearchParams({ format: 'pprof', spyName: 'nodespy', ...parameters })
  const headers = { 'Content-Type': 'application/octet-stream' }
  return fetch(`${pyroscope}/ingest?${query}`, { method: 'POST', headers, body: Buffer.from(body) })
}

/** A trace of a server span and a client span below it, a moment ago. */
export function exampleTrace(changes: Partial<PlainSpan> = {}): [PlainSpan, PlainSpan] {
  const traceId = randomBytes(16).toString('hex')
  const spanId = randomBytes(8).toString('hex')
  const startNanos = BigInt(Date.now() - 1000) * 1_000_000n
  const resource = { 'service.name': 'gateway', 'service.instance.id': 'gateway-1' }
  const server: PlainSpan = {
    traceId,
    spanId,
    name: 'GET /v1/concerts',
    kind: 2,
    startNanos,
    durationNanos: 120_000_000,
    resource,
    attributes: { 'http.route': '/v1/concerts', 'http.response.status_code': 200, 'sampling.keep': true },
    ...changes,
  }
  const client: PlainSpan = {
    traceId,
    spanId: randomBytes(8).toString('hex'),
    parentId: spanId,
    name: 'GET',
    kind: 3,
    startNanos: startNanos + 10_000_000n,
    durationNanos: 80_000_000,
    resource,
    attributes: { 'peer.service': 'catalog' },
  }
  return [server, client]
}

/** Calls a method of Pyroscope's querier service. */
export async function query(pyroscope: string, method: string, body: unknown): Promise<Response> {
  return fetch(`${pyroscope}/querier.v1.QuerierService/${method}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
}

export const CPU = 'process_cpu:cpu:nanoseconds:cpu:nanoseconds'
