import * as z from 'zod'

/**
 * Ids of traces and spans. OTLP's JSON says hexadecimal, protobuf's JSON mapping, which Tempo follows, says
 * base64. The lengths tell them apart: 8 bytes are 16 digits or 12 characters, 16 bytes are 32 or 24.
 */
function idOf(bytes: 8 | 16): z.ZodType<string> {
  return z.string().transform((text, context) => {
    if (text.length === bytes * 2 && /^[0-9a-f]*$/i.test(text)) return text.toLowerCase()
    const decoded = Buffer.from(text, 'base64')
    if (decoded.length === bytes && text.length === Math.ceil(bytes / 3) * 4) return decoded.toString('hex')
    context.addIssue({ code: 'custom', message: `not an id of ${bytes} bytes: ${JSON.stringify(text)}` })
    return z.NEVER
  })
}

export const traceIdSchema: z.ZodType<string> = idOf(16)
export const spanIdSchema: z.ZodType<string> = idOf(8)

/** Search leaves out leading zeros of a trace id. */
export const shortTraceIdSchema: z.ZodType<string> = z
  .string()
  .regex(/^[0-9a-f]{1,32}$/i)
  .transform((text) => text.toLowerCase().padStart(32, '0'))

export const shortSpanIdSchema: z.ZodType<string> = z
  .string()
  .regex(/^[0-9a-f]{1,16}$/i)
  .transform((text) => text.toLowerCase().padStart(16, '0'))
