import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OtlpTransport, parseRetryAfter } from './transport.ts'

describe('Retry-After', () => {
  const now = Date.parse('2026-11-23T10:00:00Z')

  it('reads seconds', () => {
    fc.assert(
      fc.property(fc.nat(), (seconds) => {
        expect(parseRetryAfter(String(seconds), now)).toBe(seconds * 1e3)
      }),
    )
  })

  it('reads a date, never as a time in the past', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e6, max: 1e6 }), (seconds) => {
        const date = new Date(now + seconds * 1e3).toUTCString()
        expect(parseRetryAfter(date, now)).toBe(Math.max(0, seconds * 1e3))
      }),
    )
  })

  it.each([undefined, '', 'soon', '-5', '1.5'])('ignores %s', (header) => {
    expect(parseRetryAfter(header, now)).toBeUndefined()
  })
})

describe('OTLP transport', () => {
  const options = { headers: {}, compression: 'none', timeoutMs: 1_000, tls: {} } as const

  it('refuses an address that is not http', () => {
    expect(() => new OtlpTransport({ ...options, url: 'grpc://127.0.0.1:4317' })).toThrow(TypeError)
    expect(() => new OtlpTransport({ ...options, url: 'no url' })).toThrow(TypeError)
  })

  it('calls an unreachable address retryable', async () => {
    // Port 1 is privileged and unused, so the connection is refused at once.
    const transport = new OtlpTransport({ ...options, url: 'http://127.0.0.1:1/v1/traces' })
    const result = await transport.send(new Uint8Array(1), new AbortController().signal)
    expect(result).toEqual({ outcome: 'retryable', detail: 'ECONNREFUSED' })
    transport.close()
  })
})
