import { z } from 'zod'

const port = (standard: number) => z.coerce.number().int().min(0).max(65_535).default(standard)
const positive = (standard: number) => z.coerce.number().positive().default(standard)
const MIB = 1024 * 1024
const HOUR_MS = 3_600_000

const half = z.enum(['tempo', 'pyroscope'])
type Half = z.infer<typeof half>
/** What a half listens on. */
const PORTS: Readonly<Record<Half, readonly string[]>> = {
  tempo: ['EMBEDDED_STORE_TEMPO_PORT', 'EMBEDDED_STORE_OTLP_PORT'],
  pyroscope: ['EMBEDDED_STORE_PYROSCOPE_PORT'],
}
const environmentSchema = z.object({
  EMBEDDED_STORE_HOST: z.string().min(1).default('127.0.0.1'),
  EMBEDDED_STORE_TEMPO_PORT: port(3200),
  EMBEDDED_STORE_OTLP_PORT: port(14_318),
  EMBEDDED_STORE_PYROSCOPE_PORT: port(4040),
  EMBEDDED_STORE_DATA_DIR: z.string({ error: 'is required: the folder that keeps what is received' }).min(1),
  EMBEDDED_STORE_SERVE: z
    .string()
    .transform((list) => list.split(',').map((name) => name.trim()))
    .pipe(z.array(half).min(1))
    .optional(),
  EMBEDDED_STORE_RETENTION_HOURS: positive(24),
  EMBEDDED_STORE_RETENTION_MIB: positive(1024),
  EMBEDDED_STORE_SEGMENT_MIB: positive(8),
  EMBEDDED_STORE_TRACE_INDEX_MIB: positive(48),
  EMBEDDED_STORE_PROFILE_INDEX_MIB: positive(24),
  EMBEDDED_STORE_MAX_BODY_MIB: positive(16),
  EMBEDDED_STORE_MAX_PENDING_MIB: positive(32),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
})

/** Configuration of the store; sizes in bytes, times in milliseconds. */
export interface StoreConfig {
  readonly host: string
  readonly tempoPort: number
  readonly otlpPort: number
  readonly pyroscopePort: number
  readonly dataDirectory: string
  /**
   * Which halves are served: Tempo's API with the OTLP receiver, Pyroscope's API. By default those of which a port is
   * given, and both where none is.
   */
  readonly serve: readonly Half[]
  readonly retentionMs: number
  /** On the disk, traces and profiles together. */
  readonly retentionBytes: number
  readonly segmentBytes: number
  readonly traceIndexBytes: number
  readonly profileIndexBytes: number
  /** Largest accepted body, received and decompressed. */
  readonly maxBodyBytes: number
  /** Received bytes that may be under way to the disk before senders are asked to wait. */
  readonly maxPendingBytes: number
  readonly logLevel: string
}

/** The environment does not describe a store; the message has one line for each variable that is wrong. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

type Environment = Readonly<Record<string, string | undefined>>

function halvesWithPorts(environment: Environment): readonly Half[] {
  const given = half.options.filter((name) => PORTS[name].some((port) => environment[port] !== undefined))
  return given.length > 0 ? given : half.options
}

/** Reads `EMBEDDED_STORE_*` and `LOG_LEVEL`. @throws {ConfigError} */
export function readConfig(environment: Environment): StoreConfig {
  const parsed = environmentSchema.safeParse(environment)
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `${issue.path[0]?.toString() ?? ''}: ${issue.message}`)
    throw new ConfigError(lines.join('\n'))
  }
  const values = parsed.data
  return {
    host: values.EMBEDDED_STORE_HOST,
    tempoPort: values.EMBEDDED_STORE_TEMPO_PORT,
    otlpPort: values.EMBEDDED_STORE_OTLP_PORT,
    pyroscopePort: values.EMBEDDED_STORE_PYROSCOPE_PORT,
    dataDirectory: values.EMBEDDED_STORE_DATA_DIR,
    serve: values.EMBEDDED_STORE_SERVE ?? halvesWithPorts(environment),
    retentionMs: values.EMBEDDED_STORE_RETENTION_HOURS * HOUR_MS,
    retentionBytes: values.EMBEDDED_STORE_RETENTION_MIB * MIB,
    segmentBytes: values.EMBEDDED_STORE_SEGMENT_MIB * MIB,
    traceIndexBytes: values.EMBEDDED_STORE_TRACE_INDEX_MIB * MIB,
    profileIndexBytes: values.EMBEDDED_STORE_PROFILE_INDEX_MIB * MIB,
    maxBodyBytes: values.EMBEDDED_STORE_MAX_BODY_MIB * MIB,
    maxPendingBytes: values.EMBEDDED_STORE_MAX_PENDING_MIB * MIB,
    logLevel: values.LOG_LEVEL,
  }
}
