/** What is measured: the gateway under one way of instrumenting it. */
export interface Variant {
  readonly name: string
  readonly env: Readonly<Record<string, string>>
  /** Instrumented by the stock set-up, with the gateway's own telemetry off. */
  readonly stock?: true
}

const OFF = { OTEL_SDK_DISABLED: 'true' }

const SWITCHES = {
  traces: 'OTEL_TRACES_EXPORTER',
  logs: 'OTEL_LOGS_EXPORTER',
  metrics: 'OTEL_METRICS_EXPORTER',
  profiles: 'FAULTLINE_PROFILES_EXPORTER',
} as const

function only(signal: keyof typeof SWITCHES): Variant {
  const others = Object.entries(SWITCHES).filter(([name]) => name !== signal)
  return {
    name: `${signal} alone`,
    env: Object.fromEntries(others.map(([, variable]) => [variable, 'none'])),
  }
}

export const BASELINE: Variant = { name: 'telemetry off', env: OFF }
export const ALL_ON: Variant = { name: 'all four signals', env: {} }
export const STOCK: Variant = { name: 'stock set-up', env: {}, stock: true }

export const VARIANTS: readonly Variant[] = [
  BASELINE,
  ALL_ON,
  only('traces'),
  only('logs'),
  only('metrics'),
  only('profiles'),
  STOCK,
]
