import { gunzipSync } from 'node:zlib'
import * as z from 'zod'
import type { PushedProfile } from './convert.ts'

/** Tells a pushed profile from the batches of OTLP, which begin with the tag of their encoding. */
const TAG = 2
const LINE_END = 0x0a

const headerSchema = z.object({
  labels: z.array(z.tuple([z.string(), z.string()])),
  startMs: z.number(),
})

/** What a segment frame holds: the tag, a line of JSON with what was said about the profile, and the body as it came. */
export function packPushed({ labels, startMs }: PushedProfile, body: Uint8Array): Uint8Array {
  const header = JSON.stringify({ labels, startMs })
  return Buffer.concat([Buffer.from([TAG]), Buffer.from(`${header}\n`), body])
}

export function isPushed(frame: Uint8Array): boolean {
  return frame[0] === TAG
}

/** Pushed profile of a frame, decompressed. @throws when it is none */
export function unpackPushed(frame: Uint8Array): { pushed: PushedProfile; profile: Uint8Array } {
  const end = frame.indexOf(LINE_END)
  const pushed = headerSchema.parse(JSON.parse(Buffer.from(frame.subarray(1, end)).toString('utf8')))
  const body = frame.subarray(end + 1)
  return { pushed, profile: isGzip(body) ? gunzipSync(body) : body }
}

/** Clients send profiles compressed or not, and do not say which. */
export function isGzip(body: Uint8Array): boolean {
  return body[0] === 0x1f && body[1] === 0x8b
}
