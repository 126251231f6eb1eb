import { gunzipSync } from 'node:zlib'
import type { Context, Middleware } from 'koa'
import { z } from 'zod'
import { type BodyLimits, bodyIntake, decompress } from '../body.ts'
import { Refusal } from '../refusal.ts'
import { type PushedProfile, UNPROCESSABLE } from './convert-pprof.ts'

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

/**
 * `POST /ingest` as `@pyroscope/nodejs` uses it: one pprof profile, compressed or not, for an application whose name
 * and labels are in the query. What other clients of Pyroscope's send is refused.
 *
 * @see https://github.com/grafana/pyroscope/blob/v2.0.6/pkg/ingester/pyroscope/ingest_handler.go
 */
export function pushReceiver(
  limits: BodyLimits,
  store: (received: ReceivedProfile) => Promise<void>,
): Middleware {
  const intake = bodyIntake(limits)
  return async (context) => {
    const pushed = readQuery(context)
    await intake(context, async (body) => {
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
  throw new Refusal(
    400,
    `${parameter} ${JSON.stringify(value)} is not supported by the embedded store, ${supported} is`,
  )
}

/** Milliseconds since the epoch of a time in seconds; now for none. */
function startOf(from: string): number {
  if (from === '') return Date.now()
  if (/^\d{10}$/.test(from)) return Number(from) * 1000
  throw new Refusal(400, `from "${from}" is not supported by the embedded store, seconds since 1970 are`)
}

async function profileOf(body: Uint8Array): Promise<Uint8Array> {
  if (!isGzip(body)) {
    if (body.length <= MAX_PROFILE_BYTES) return body
    throw new Refusal(UNPROCESSABLE, `the profile is larger than ${MAX_PROFILE_BYTES} bytes`)
  }
  try {
    return await decompress(body, MAX_PROFILE_BYTES)
  } catch (error) {
    throw error instanceof Refusal ? new Refusal(UNPROCESSABLE, error.message) : error
  }
}

const SERVICE = /^[\w./-]+$/
const LABEL = /^[\w.]+$/
/** Label that stands for the application's own name. */
const NAME = '__name__'

/**
 * Reads the `name` of a push, such as `payment-provider{service.instance.id=payment-provider-1,region=eu}`, as Pyroscope
 * does: blanks around names and values do not count, a value
 * ends at a comma or a brace, of two values the later counts, and what is not closed is left out.
 *
 * @see https://github.com/grafana/pyroscope/blob/v2.0.6/api/model/labelset/labelset.go
 * @throws {Refusal} when a name is missing or has characters that are not allowed
 */
export function parseAppName(text: string): { service: string; labels: ReadonlyMap<string, string> } {
  const brace = text.indexOf('{')
  const service = (brace === -1 ? text : text.slice(0, brace)).trim()
  if (!SERVICE.test(service)) throw new Refusal(400, `name: invalid service name: ${JSON.stringify(service)}`)
  const labels = new Map<string, string>()
  let rest = brace === -1 ? '' : text.slice(brace + 1)
  for (;;) {
    const pair = /^([^=}]*)=([^,}]*)[,}]/.exec(rest)
    if (pair === null) break
    const [whole, key = '', value = ''] = pair
    const label = key.trim()
    if (!LABEL.test(label)) throw new Refusal(400, `name: invalid label name: ${JSON.stringify(label)}`)
    labels.set(label, value.trim())
    rest = rest.slice(whole.length)
  }
  const own = labels.get(NAME)
  labels.delete(NAME)
  return { service: own ?? service, labels }
}

/** First byte of a pushed profile; batches of OTLP begin with the tag of their encoding. */
const TAG = 2
const LINE_END = 0x0a

const headerSchema = z.object({
  labels: z.array(z.tuple([z.string(), z.string()])),
  startMs: z.number(),
})

/** What a segment frame holds: the tag, a line of JSON about the profile, and the body as it came. */
export function packPushed({ labels, startMs }: PushedProfile, body: Uint8Array): Uint8Array {
  const header = JSON.stringify({ labels, startMs })
  return Buffer.concat([Buffer.from([TAG]), Buffer.from(`${header}\n`), body])
}

export function isPushed(frame: Uint8Array): boolean {
  return frame[0] === TAG
}

/** Pushed profile of a frame, decompressed. @throws when it is not one */
export function unpackPushed(frame: Uint8Array): { pushed: PushedProfile; profile: Uint8Array } {
  const end = frame.indexOf(LINE_END)
  const pushed = headerSchema.parse(JSON.parse(Buffer.from(frame.subarray(1, end)).toString('utf8')))
  const body = frame.subarray(end + 1)
  return { pushed, profile: isGzip(body) ? gunzipSync(body) : body }
}

/** Clients send profiles compressed or not, and do not say which. */
function isGzip(body: Uint8Array): boolean {
  return body[0] === 0x1f && body[1] === 0x8b
}
