import { expect, test } from 'vitest'
import { baseEnvironment } from './environment.ts'

test("a component sees the kit's settings, not the telemetry set-up of the shell that it was started from", () => {
  const env = baseEnvironment({
    PATH: '/bin',
    LC_ALL: 'de_DE.UTF-8',
    NODE_OPTIONS: '--inspect',
    OTEL_EXPORTER_OTLP_HEADERS: 'key=secret',
    HTTP_PROXY: 'http://proxy',
    FAULTLINE_PROFILES_EXPORTER: 'none',
    LOG_LEVEL: 'debug',
    HOME: undefined,
  })
  expect(env).toEqual({
    PATH: '/bin',
    FAULTLINE_PROFILES_EXPORTER: 'none',
    LOG_LEVEL: 'debug',
    LC_ALL: 'C.UTF-8',
  })
})
