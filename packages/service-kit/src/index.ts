export { type AppTelemetry, createServiceApp, REQUEST_ID_HEADER, type Shedding } from './app/app.ts'
export { notModified } from './app/conditional-get.ts'
export { DEADLINE_HEADER, Deadline, DeadlineExceededError, deadline } from './app/deadline.ts'
export { readJsonBody, validate } from './app/input.ts'
export { invalidCursor, overloaded, ProblemError, resourceNotFound } from './app/problem.ts'
export { InvalidTokenError } from './auth/audit.ts'
export { authenticated } from './auth/authenticated.ts'
export { createRevocationList, publishRevocation, watchRevocations } from './auth/revocations.ts'
export {
  type AuthenticatedState,
  createTokenVerifier,
  TOKEN_ALGORITHM,
  TOKEN_TYPE,
  type TokenVerifier,
  type TokenVerifierOptions,
} from './auth/token-verifier.ts'
export { createFlags, type Flags } from './flags/flags.ts'
export { DependencyError, type HttpAnswer } from './http-client/attempt.ts'
export { createHttpClient, type HttpClient, type HttpClientOptions } from './http-client/http-client.ts'
export { connectNats, type Nats } from './nats/connect.ts'
export { ensureStream } from './nats/streams.ts'
export {
  createDatabase,
  type Database,
  type DatabaseOptions,
  type Queryable,
  type Statement,
} from './postgres/database.ts'
export { connectOwner, migrate } from './postgres/migrate.ts'
export {
  type DatabaseConfig,
  EnvironmentError,
  httpOrigins,
  integer,
  jwksUrl,
  listenConfig,
  listenVariables,
  loadConfig,
  natsUrl,
  runMain,
} from './service/config.ts'
export { defineService, type ServiceContext } from './service/define-service.ts'
export { type RunnableService, runService } from './service/run-service.ts'
export { createWorker } from './service/worker.ts'
export {
  createServiceTokens,
  type ServiceTokens,
  serviceTokensDefaults,
} from './signing-keys/service-tokens.ts'
export {
  createStoredSigningKeys,
  DEVELOPMENT_KEYS_SECRET,
  type SigningKeys,
  type SigningKeysConfig,
  signingKeysConfig,
  signingKeyVariables,
} from './signing-keys/signing-keys.ts'
export { createKeyVault } from './signing-keys/stored-keys.ts'
export type { Logger, MetricsRegistry, ServiceTelemetry } from './telemetry-types.ts'
