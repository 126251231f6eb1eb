import type { Telemetry } from '@faultline/telemetry'

/** Structured logger of a service. */
export type Logger = Telemetry['logger']

/** Registry that a service's metrics are made on. */
export type MetricsRegistry = Telemetry['register']
