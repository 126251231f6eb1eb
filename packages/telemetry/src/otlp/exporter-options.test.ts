import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { defaults } from '../options.ts'
import { resolveExporter } from './exporter-options.ts'

describe('exporter options', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('has a default for everything', () => {
    const { endpoint, ...rest } = defaults.exporter
    expect(resolveExporter('traces', {}, {})).toEqual({ ...rest, url: `${endpoint}/v1/traces`, tls: {} })
    expect(resolveExporter('logs', {}, {}).url).toBe(`${endpoint}/v1/logs`)
    expect(resolveExporter('profiles', {}, {}).url).toBe(`${endpoint}/v1development/profiles`)
  })

  it('takes the option over the signal’s variable over the one for all', () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://all:4318/base/',
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://loki:3100/otlp/v1/logs',
      OTEL_EXPORTER_OTLP_TIMEOUT: '77',
      OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: '88',
      OTEL_EXPORTER_OTLP_HEADERS: 'tenant=all,authorization=Basic%20abc==',
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'tenant=logs',
      OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: 'gzip',
      OTEL_BSP_MAX_QUEUE_SIZE: '99',
      OTEL_BLRP_MAX_QUEUE_SIZE: '98',
    }
    expect(resolveExporter('traces', {}, env)).toMatchObject({
      url: 'http://all:4318/base/v1/traces',
      timeoutMs: 77,
      headers: { tenant: 'all', authorization: 'Basic abc==' },
      compression: 'none',
      maxQueueSize: 99,
    })
    expect(resolveExporter('logs', {}, env)).toMatchObject({
      url: 'http://loki:3100/otlp/v1/logs',
      timeoutMs: 88,
      headers: { tenant: 'logs', authorization: 'Basic abc==' },
      compression: 'gzip',
      maxQueueSize: 98,
    })
    const inCode = { endpoint: 'http://code:4318', timeoutMs: 5, headers: { tenant: 'code' } }
    expect(resolveExporter('logs', inCode, env)).toMatchObject({
      url: 'http://code:4318/v1/logs',
      timeoutMs: 5,
      headers: { tenant: 'code' },
    })
  })

  it('reads certificates, and names a file that it cannot read', () => {
    const folder = mkdtempSync(join(tmpdir(), 'faultline exporter '))
    try {
      const file = join(folder, 'ca.pem')
      writeFileSync(file, 'certificate')
      const env = { OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: file }
      expect(resolveExporter('traces', {}, env).tls).toEqual({ ca: Buffer.from('certificate') })
      expect(resolveExporter('logs', {}, env).tls).toEqual({})
      const missing = { OTEL_EXPORTER_OTLP_CLIENT_KEY: join(folder, 'none.pem') }
      expect(() => resolveExporter('logs', {}, missing)).toThrow('none.pem')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('reports what it cannot use, and goes on', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    expect(resolveExporter('traces', {}, { OTEL_EXPORTER_OTLP_TIMEOUT: '1000.5' }).timeoutMs).toBe(1001)
    expect(resolveExporter('traces', {}, { OTEL_BSP_SCHEDULE_DELAY: '3000000000' }).scheduleDelayMs).toBe(
      1_000,
    )
    warn.mockClear()
    const env = { OTEL_EXPORTER_OTLP_TIMEOUT: 'soon', OTEL_EXPORTER_OTLP_COMPRESSION: 'zstd' }
    expect(resolveExporter('traces', {}, env)).toMatchObject({ timeoutMs: 10_000, compression: 'none' })
    expect(warn).toHaveBeenCalledTimes(2)
  })
})
