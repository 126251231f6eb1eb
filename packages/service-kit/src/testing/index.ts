/** What the tests of services share: real servers and processes, telemetry that stays in the test. */
export { freePort } from './free-port.ts'
export { startNats, type TestNats } from './nats.ts'
export { startPostgres, type TestPostgres } from './postgres.ts'
export { type ServedApp, serve } from './serve.ts'
export { type ServiceProcess, type ServiceProcessOptions, startServiceProcess } from './service-process.ts'
export { type TestTelemetry, testTelemetry } from './telemetry.ts'
export { startUsers, type TestUsers } from './users.ts'
