import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { warnOfUnread } from './unread-variables.ts'

describe('variables without effect', () => {
  let warnings: string[]

  beforeEach(() => {
    warnings = []
    vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)))
  })

  afterEach(() => {
    vi.restoreAllMocks()
  })

  it.each([
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'OTEL_EXPORTER_OTLP_PROTOCOL=grpc has no effect'],
    [{ OTEL_TRACES_EXPORTER: 'otlp,zipkin' }, 'OTEL_TRACES_EXPORTER=zipkin has no effect'],
    [{ OTEL_BSP_EXPORT_TIMEOUT: '1' }, 'OTEL_BSP_EXPORT_TIMEOUT has no effect'],
  ])('says that %o has none', (env, warning) => {
    warnOfUnread(env)
    expect(warnings).toEqual([expect.stringContaining(warning)])
  })

  it('is silent about what works', () => {
    warnOfUnread({
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'console',
      OTEL_BSP_EXPORT_TIMEOUT: '',
      OTEL_TRACES_SAMPLER: 'always_off',
    })
    expect(warnings).toEqual([])
  })
})
