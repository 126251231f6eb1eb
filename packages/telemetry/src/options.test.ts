import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defaults, resolveOptions } from './options.ts'

describe('options', () => {
  let warnings: string[]

  beforeEach(() => {
    warnings = []
    vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)))
  })

  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('has a default for everything', () => {
    const { traces, metrics, logs, httpClient, baggageKeys } = resolveOptions({}, {})
    const { exporter: _exporter, ...expected } = defaults
    expect({ traces, metrics, logs, httpClient, baggage: { keys: [...baggageKeys] } }).toEqual(expected)
  })

  it('takes the option over the environment over the default', () => {
    const env = { FAULTLINE_TRACES_KEEP_RATIO: '0.5', LOG_LEVEL: 'debug' }
    expect(resolveOptions({}, env)).toMatchObject({ traces: { keepRatio: 0.5 }, logs: { level: 'debug' } })
    const options = { traces: { keepRatio: 0.2 }, logs: { level: 'error' } }
    expect(resolveOptions(options, env)).toMatchObject(options)
  })

  it.each([
    ['WARNING', 'warn'],
    ['30', 'info'],
    ['off', 'silent'],
    ['nonsense', 'info'],
  ])('LOG_LEVEL=%s is %s', (text, level) => {
    expect(resolveOptions({}, { LOG_LEVEL: text }).logs.level).toBe(level)
    expect(resolveOptions({ logs: { level: text } }, {}).logs.level).toBe(level)
    expect(resolveOptions({ logs: false }, { LOG_LEVEL: text }).logs.level).toBe(level)
  })

  it.each([
    ['OTEL_TRACES_EXPORTER', 'traces'],
    ['OTEL_METRICS_EXPORTER', 'metrics'],
  ] as const)('%s=none switches %s off, whatever code tunes', (variable, signal) => {
    const env = { [variable]: 'none' }
    expect(resolveOptions({}, env)[signal]).toBeUndefined()
    expect(resolveOptions({ [signal]: {} }, env)[signal]).toBeUndefined()
    expect(resolveOptions({ [signal]: false }, {})[signal]).toBeUndefined()
  })

  it('trusts callers as it is told to, also where no spans are exported', () => {
    const off = { OTEL_TRACES_EXPORTER: 'none' }
    expect(resolveOptions({}, off).trustIncomingContext).toBe(true)
    expect(resolveOptions({ traces: { trustIncomingContext: false } }, off).trustIncomingContext).toBe(false)
  })

  it('keeps a logger when logs are off', () => {
    const off = { level: 'warn', stdout: true, accessLog: false, otlp: false }
    const env = { LOG_LEVEL: 'warn' }
    expect(resolveOptions({ logs: false }, env).logs).toEqual(off)
    expect(resolveOptions({}, { ...env, OTEL_LOGS_EXPORTER: 'none' }).logs).toEqual(off)
    expect(resolveOptions({}, { ...env, OTEL_LOGS_EXPORTER: 'console' }).logs).toEqual({
      ...off,
      accessLog: true,
    })
  })

  it('OTEL_SDK_DISABLED wins over everything', () => {
    const resolved = resolveOptions({ traces: {}, metrics: {} }, { OTEL_SDK_DISABLED: 'TRUE' })
    expect(resolved).toMatchObject({ isDisabled: true, traces: undefined, metrics: undefined })
    expect(resolved.logs).toMatchObject({ otlp: false, accessLog: false, stdout: true })
    expect(resolveOptions({}, { OTEL_SDK_DISABLED: '1' }).traces).toEqual(defaults.traces)
  })

  it('reports what it cannot use, and goes on', () => {
    const env = { FAULTLINE_TRACES_KEEP_RATIO: '1.5', OTEL_SERVICE_NAME: '  ' }
    expect(resolveOptions({}, env).traces).toEqual(defaults.traces)
    expect(warnings).toHaveLength(1)
  })
})
