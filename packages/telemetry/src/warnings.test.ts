import { getNodeAutoInstrumentations } from '@opentelemetry/auto-instrumentations-node'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { tracesUndici, warnOfTwins, warnOfUnread } from './warnings.ts'

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

describe('instrumentations that do what is done here', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  const off = { enabled: false }

  it('are seen unless they are off', () => {
    expect(tracesUndici(getNodeAutoInstrumentations())).toBe(true)
    const without = getNodeAutoInstrumentations({ '@opentelemetry/instrumentation-undici': off })
    expect(tracesUndici(without)).toBe(false)
    expect(tracesUndici([])).toBe(false)
  })

  it('are warned of where lines would come twice', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    warnOfTwins(getNodeAutoInstrumentations({ '@opentelemetry/instrumentation-pino': off }))
    expect(warn).not.toHaveBeenCalled()
    warnOfTwins(getNodeAutoInstrumentations())
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('a second time'))
  })
})
