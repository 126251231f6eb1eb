import type { BackendOptions } from './http.ts'
import { createLokiClient } from './loki.ts'
import { createPrometheusClient } from './prometheus.ts'
import { createPyroscopeClient } from './pyroscope.ts'
import { createTempoClient } from './tempo.ts'

type Backend = 'prometheus' | 'loki' | 'tempo' | 'pyroscope'

export type Backends = Readonly<ReturnType<typeof createBackends>>

/** Clients of all four backends, by their base addresses. */
export function createBackends(
  endpoints: Readonly<Record<Backend, string>>,
  optionsOf: (backend: Backend) => Omit<BackendOptions, 'baseUrl'> = () => ({}),
) {
  const options = (backend: Backend) => ({ ...optionsOf(backend), baseUrl: endpoints[backend] })
  return {
    prometheus: createPrometheusClient(options('prometheus')),
    loki: createLokiClient(options('loki')),
    tempo: createTempoClient(options('tempo')),
    pyroscope: createPyroscopeClient(options('pyroscope')),
  }
}
