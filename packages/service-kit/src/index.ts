export {
  type AppTelemetry,
  createServiceApp,
  type ServiceAppOptions,
  type Shedding,
} from './app/service-app.ts'
export { authenticated } from './auth/authenticated.ts'
export { InvalidTokenError, type TokenFault } from './auth/invalid-token-error.ts'
export type { AuthenticatedState, Principal } from './auth/principal.ts'
export { createRevocationList, type RevocationList, type Revocations } from './auth/revocations.ts'
export { publishRevocation, type RevocationsWatch, watchRevocations } from './auth/revocations-bucket.ts'
export {
  createServiceTokens,
  type ServiceTokens,
  type ServiceTokensOptions,
  serviceTokensDefaults,
} from './auth/service-tokens.ts'
export {
  createTokenVerifier,
  TOKEN_ALGORITHM,
  TOKEN_TYPE,
  type TokenIssuer,
  type TokenVerifier,
  type TokenVerifierOptions,
  tokenVerifierDefaults,
} from './auth/token-verifier.ts'
export { type JsonBodyOptions, jsonBodyDefaults, readJsonBody } from './body/json-body.ts'
export { notModified } from './conditional-get/conditional-get.ts'
export { ConfigurationError, loadConfig } from './config/load-config.ts'
export { EnvironmentError, runMain } from './config/run-main.ts'
export {
  type DatabaseConfig,
  databaseConfig,
  databaseVariables,
  host,
  httpOrigins,
  integer,
  jwksUrl,
  type ListenConfig,
  listenConfig,
  listenVariables,
  natsUrl,
  port,
  postgresUrl,
} from './config/variables.ts'
export { Deadline, DeadlineExceededError } from './deadline/deadline.ts'
export { DEADLINE_HEADER, type DeadlineOptions, deadline, deadlineDefaults } from './deadline/middleware.ts'
export { type DefinedService, defineService, type ServiceContext } from './define-service.ts'
export { createFlags, type Flags, type FlagsOptions, flagsDefaults } from './flags/flags.ts'
export {
  type CheckState,
  Health,
  type HealthCheck,
  type HealthOptions,
  healthDefaults,
} from './health/health.ts'
export type { HttpAnswer } from './http-client/attempt.ts'
export { DependencyError } from './http-client/dependency-error.ts'
export {
  createHttpClient,
  type HttpCall,
  type HttpClient,
  type HttpClientOptions,
  httpClientDefaults,
} from './http-client/http-client.ts'
export type { RetryPolicy } from './http-client/retry-policy.ts'
export { type RunnableService, type RunServiceOptions, runService } from './lifecycle/run-service.ts'
export { type Service, type ServiceOptions, serviceDefaults, startService } from './lifecycle/service.ts'
export { stopOnSignals } from './lifecycle/signals.ts'
export {
  type LoadSheddingOptions,
  loadShedding,
  loadSheddingDefaults,
} from './load-shedding/load-shedding.ts'
export { connectOwner } from './migration/connect-owner.ts'
export { loadMigrationConfig, type MigrationOptions, migrate } from './migration/migrate.ts'
export { connectNats, type Nats, NatsClosedError, type NatsOptions, natsDefaults } from './nats/connect.ts'
export { ensureStream, type StreamDefinition } from './nats/streams.ts'
export { type BucketWatch, type BucketWatchOptions, watchBucket } from './nats/watch-bucket.ts'
export {
  createDatabase,
  type Database,
  type DatabaseOptions,
  databaseDefaults,
  POSTGRESQL,
  type Queryable,
  type Statement,
} from './postgres/database.ts'
export {
  type DependencyFailure,
  dependencyFailed,
  invalidCursor,
  overloaded,
  resourceNotFound,
} from './problems/common-problems.ts'
export { type InputRejectionsOptions, inputRejections } from './problems/input-rejections.ts'
export { type ProblemsOptions, problems } from './problems/middleware.ts'
export { type InputError, ProblemError, type ProblemOptions } from './problems/problem.ts'
export { type RequestIdOptions, requestId, requestIdDefaults } from './request-id/request-id.ts'
export {
  DEVELOPMENT_KEYS_SECRET,
  type SigningKeysConfig,
  signingKeysConfig,
  signingKeyVariables,
} from './signing-keys/config.ts'
export { createKeyVault } from './signing-keys/key-vault.ts'
export type { SigningKeys } from './signing-keys/signing-keys.ts'
export { createStoredSigningKeys, rotateSigningKey } from './signing-keys/stored-signing-keys.ts'
export type { Logger, LogMethod, MetricsRegistry, ServiceTelemetry } from './telemetry-types.ts'
export { validate } from './validation/validate.ts'
export { createWorker, type Worker, type WorkerOptions } from './worker/worker.ts'
