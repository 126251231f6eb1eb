import type { BackendOptions } from './http.ts'
import { createLokiClient, type LokiClient } from './loki/client.ts'
import { createPrometheusClient, type PrometheusClient } from './prometheus/client.ts'
import { createPyroscopeClient, type PyroscopeClient } from './pyroscope/client.ts'
import { createTempoClient, type TempoClient } from './tempo/client.ts'

/** Base addresses of the four backends. */
export interface BackendEndpoints {
  readonly prometheus: string
  readonly loki: string
  readonly tempo: string
  readonly pyroscope: string
}

export interface Backends {
  readonly prometheus: PrometheusClient
  readonly loki: LokiClient
  readonly tempo: TempoClient
  readonly pyroscope: PyroscopeClient
}

/** Clients of all four backends with the same options. */
export function createBackends(
  endpoints: BackendEndpoints,
  options: Omit<BackendOptions, 'baseUrl'> = {},
): Backends {
  return {
    prometheus: createPrometheusClient({ ...options, baseUrl: endpoints.prometheus }),
    loki: createLokiClient({ ...options, baseUrl: endpoints.loki }),
    tempo: createTempoClient({ ...options, baseUrl: endpoints.tempo }),
    pyroscope: createPyroscopeClient({ ...options, baseUrl: endpoints.pyroscope }),
  }
}
