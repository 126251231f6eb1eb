import { expect, test } from 'vitest'
import { readConfig } from './config.ts'

test('only the data folder is required, everything else has the contract’s defaults', () => {
  expect(readConfig({ EMBEDDED_STORE_DATA_DIR: '/data' })).toMatchObject({
    host: '127.0.0.1',
    tempoPort: 3200,
    otlpPort: 14_318,
    pyroscopePort: 4040,
    dataDirectory: '/data',
    serve: ['tempo', 'pyroscope'],
    retentionMs: 24 * 3_600_000,
    retentionBytes: 1024 * 1024 * 1024,
  })
})

test('every wrong variable gets a line of its own', () => {
  const environment = {
    EMBEDDED_STORE_TEMPO_PORT: 'http',
    EMBEDDED_STORE_RETENTION_HOURS: '0',
    EMBEDDED_STORE_SERVE: 'loki',
  }
  const lines = [
    /TEMPO_PORT: .*number/,
    /DATA_DIR: is required/,
    /SERVE: .*"pyroscope"/,
    /RETENTION_HOURS: .*>0/,
  ]
  for (const line of lines) expect(() => readConfig(environment)).toThrow(line)
})

test.each([
  [{}, ['tempo', 'pyroscope']],
  [{ EMBEDDED_STORE_TEMPO_PORT: '3200' }, ['tempo']],
  [{ EMBEDDED_STORE_OTLP_PORT: '14318' }, ['tempo']],
  [{ EMBEDDED_STORE_PYROSCOPE_PORT: '4040' }, ['pyroscope']],
  [{ EMBEDDED_STORE_OTLP_PORT: '0', EMBEDDED_STORE_PYROSCOPE_PORT: '0' }, ['tempo', 'pyroscope']],
  [{ EMBEDDED_STORE_TEMPO_PORT: '3200', EMBEDDED_STORE_SERVE: 'pyroscope' }, ['pyroscope']],
])('with %j it serves %j', (ports, serve) => {
  expect(readConfig({ EMBEDDED_STORE_DATA_DIR: '/data', ...ports }).serve).toEqual(serve)
})
