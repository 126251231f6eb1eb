import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defaults } from './options.ts'
import { resolveOptions } from './resolve-options.ts'

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
    const { serviceName, exporter, traces, metrics, logs, profiles, httpClient, baggageKeys } =
      resolveOptions({}, {})
    const baggage = { keys: [...baggageKeys] }
    expect({ serviceName, exporter, traces, metrics, logs, profiles, httpClient, baggage }).toEqual(defaults)
  })

  it('takes the option over the environment over the default', () => {
    const env = {
      OTEL_SERVICE_NAME: 'env',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://env:4318',
      OTEL_EXPORTER_OTLP_TIMEOUT: '77',
      OTEL_BSP_MAX_QUEUE_SIZE: '99',
      LOG_LEVEL: 'debug',
    }
    const options = { serviceName: 'code', exporter: { endpoint: 'http://code:4318' } }
    const resolved = resolveOptions(options, env)
    expect(resolved.serviceName).toBe('code')
    expect(resolved.exporter).toMatchObject({ endpoint: 'http://code:4318', timeoutMs: 77, maxQueueSize: 99 })
    expect(resolved.exporter.scheduleDelayMs).toBe(defaults.exporter.scheduleDelayMs)
    expect(resolved.logs.level).toBe('debug')
  })

  it('reads resource attributes and headers', () => {
    const resolved = resolveOptions(
      { resourceAttributes: { team: 'code' } },
      {
        OTEL_RESOURCE_ATTRIBUTES: 'service.name=listed,service.instance.id=a-1,team=env,note=a%2Cb',
        OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20abc==',
      },
    )
    expect(resolved.serviceName).toBe('listed')
    expect(resolved.resourceAttributes).toEqual({ 'service.instance.id': 'a-1', team: 'code', note: 'a,b' })
    expect(resolved.exporter.headers).toEqual({ authorization: 'Basic abc==' })
  })

  it.each([
    ['OTEL_TRACES_EXPORTER', 'traces'],
    ['OTEL_METRICS_EXPORTER', 'metrics'],
    ['FAULTLINE_PROFILES_EXPORTER', 'profiles'],
  ] as const)('%s=none switches %s off, unless code asks for it', (variable, signal) => {
    const env = { [variable]: 'none' }
    expect(resolveOptions({}, env)[signal]).toBeUndefined()
    expect(resolveOptions({ [signal]: {} }, env)[signal]).toEqual(defaults[signal])
    expect(resolveOptions({ [signal]: false }, {})[signal]).toBeUndefined()
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
    const resolved = resolveOptions({ traces: {}, metrics: {}, profiles: {} }, { OTEL_SDK_DISABLED: 'TRUE' })
    expect(resolved).toMatchObject({ traces: undefined, metrics: undefined, profiles: undefined })
    expect(resolved.logs).toMatchObject({ otlp: false, accessLog: false, stdout: true })
    expect(resolveOptions({}, { OTEL_SDK_DISABLED: '1' }).traces).toEqual(defaults.traces)
  })

  it('reports what it cannot use, and goes on', () => {
    const resolved = resolveOptions(
      {},
      {
        OTEL_EXPORTER_OTLP_TIMEOUT: 'soon',
        FAULTLINE_TRACES_KEEP_RATIO: '1.5',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
        OTEL_RESOURCE_ATTRIBUTES: 'no list',
        OTEL_SERVICE_NAME: '  ',
      },
    )
    expect(resolved.exporter).toEqual(defaults.exporter)
    expect(resolved.traces).toEqual(defaults.traces)
    expect(resolved.serviceName).toBe(defaults.serviceName)
    expect(warnings).toHaveLength(4)
  })
})
