import type { Context, Middleware } from 'koa'
import { Admission } from '../../http/admission.ts'
import { readBody } from '../../http/body.ts'
import { RequestError } from '../../http/errors.ts'
import { decompress, MalformedError, TooLargeError } from '../../otlp/batch.ts'
import { parseAppName } from './app-name.ts'
import type { PushedProfile } from './convert.ts'
import { isGzip } from './frame.ts'
import { UNPROCESSABLE } from './pprof.ts'

/** Pyroscope's limit of a decompressed profile. */
const MAX_PROFILE_BYTES = 4 * 1024 * 1024

/** A received profile. */
export interface ReceivedProfile {
  readonly pushed: PushedProfile
  /** As it came. */
  readonly body: Uint8Array
  /** Decompressed. */
  readonly profile: Uint8Array
}

export interface IngestOptions {
  readonly maxBodyBytes: number
  /** Bytes of bodies that may be in memory at once; more senders are asked to wait. */
  readonly maxPendingBytes: number
  /** Stores the profile; resolves when it outlives a kill. */
  readonly store: (received: ReceivedProfile) => Promise<void>
}

/**
 * `POST /ingest` as `@pyroscope/nodejs` uses it: one pprof profile, compressed or not, for an application whose name
 * and labels are in the query. What other clients of Pyroscope's send is refused.
 *
 * @see https://github.com/grafana/pyroscope/blob/v2.0.6/pkg/ingester/pyroscope/ingest_handler.go
 */
export function ingestReceiver({ maxBodyBytes, maxPendingBytes, store }: IngestOptions): Middleware {
  const admission = new Admission(maxPendingBytes)
  return async (context) => {
    const pushed = readQuery(context)
    await admission.run(context.request.length ?? maxBodyBytes, async () => {
      const body = await readBody(context, maxBodyBytes)
      // Pyroscope takes nothing for an empty profile.
      if (body.length > 0) await store({ pushed, body, profile: await profileOf(body) })
    })
    context.status = 200
    context.body = ''
    context.remove('Content-Type')
  }
}

function readQuery(context: Context): PushedProfile {
  const query = new URLSearchParams(context.querystring)
  const { service, labels } = parseAppName(query.get('name') ?? '')
  const spyName = query.get('spyName') ?? 'unknown'
  requireOf('format', query.get('format') ?? '', 'pprof')
  requireOf('spyName', spyName, 'nodespy')
  const own = [...labels].filter(([name]) => !name.startsWith('__'))
  return {
    // A `service_name` among the application's own labels counts more than its name.
    labels: [...new Map([['pyroscope_spy', spyName], ['service_name', service], ...own])],
    startMs: startOf(query.get('from') ?? ''),
  }
}

/** Other formats are other encodings, and profiles of other languages have their functions renamed by Pyroscope. */
function requireOf(parameter: string, value: string, supported: string): void {
  if (value === supported) return
  const what = `${parameter} ${JSON.stringify(value)}`
  throw new RequestError(400, `${what} is not supported by the embedded store, ${supported} is`)
}

/** Milliseconds since the epoch of a time in seconds; now for none. */
function startOf(from: string): number {
  if (from === '') return Date.now()
  if (/^\d{10}$/.test(from)) return Number(from) * 1000
  throw new RequestError(400, `from "${from}" is not supported by the embedded store, seconds since 1970 are`)
}

async function profileOf(body: Uint8Array): Promise<Uint8Array> {
  try {
    const profile = await decompress(isGzip(body) ? 'gzip' : 'identity', body, MAX_PROFILE_BYTES)
    if (profile.length <= MAX_PROFILE_BYTES) return profile
    throw new TooLargeError(`the profile is larger than ${MAX_PROFILE_BYTES} bytes`)
  } catch (error) {
    if (!(error instanceof TooLargeError || error instanceof MalformedError)) throw error
    throw new MalformedError(error.message, UNPROCESSABLE)
  }
}
