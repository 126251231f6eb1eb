import { z } from 'zod'

const MIB = 1024 * 1024
const HOUR_MS = 3_600_000
const HALVES = ['tempo', 'pyroscope'] as const

const port = z.coerce.number().int().min(0).max(65_535).optional()
const positive = (standard: number) => z.coerce.number().positive().default(standard)
const mebibytes = (standard: number) => positive(standard).transform((value) => value * MIB)

const configSchema = z
  .object({
    EMBEDDED_STORE_HOST: z.string().min(1).default('127.0.0.1'),
    EMBEDDED_STORE_TEMPO_PORT: port,
    EMBEDDED_STORE_OTLP_PORT: port,
    EMBEDDED_STORE_PYROSCOPE_PORT: port,
    EMBEDDED_STORE_DATA_DIR: z
      .string({ error: 'is required: the folder that keeps what is received' })
      .min(1),
    EMBEDDED_STORE_SERVE: z
      .string()
      .transform((list) => list.split(',').map((name) => name.trim()))
      .pipe(z.array(z.enum(HALVES)).min(1))
      .optional(),
    EMBEDDED_STORE_RETENTION_HOURS: positive(24),
    EMBEDDED_STORE_RETENTION_MIB: mebibytes(1024),
    EMBEDDED_STORE_SEGMENT_MIB: mebibytes(8),
    EMBEDDED_STORE_TRACE_INDEX_MIB: mebibytes(48),
    EMBEDDED_STORE_PROFILE_INDEX_MIB: mebibytes(24),
    EMBEDDED_STORE_MAX_BODY_MIB: mebibytes(16),
    EMBEDDED_STORE_MAX_PENDING_MIB: mebibytes(32),
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  })
  .transform((values) => {
    const given = {
      tempo: values.EMBEDDED_STORE_TEMPO_PORT ?? values.EMBEDDED_STORE_OTLP_PORT,
      pyroscope: values.EMBEDDED_STORE_PYROSCOPE_PORT,
    }
    const withPort = HALVES.filter((half) => given[half] !== undefined)
    return {
      host: values.EMBEDDED_STORE_HOST,
      tempoPort: values.EMBEDDED_STORE_TEMPO_PORT ?? 3200,
      otlpPort: values.EMBEDDED_STORE_OTLP_PORT ?? 14_318,
      pyroscopePort: values.EMBEDDED_STORE_PYROSCOPE_PORT ?? 4040,
      dataDirectory: values.EMBEDDED_STORE_DATA_DIR,
      /** Tempo's API with the OTLP receiver, Pyroscope's API; by default those of which a port is given, else both. */
      serve: values.EMBEDDED_STORE_SERVE ?? (withPort.length > 0 ? withPort : HALVES),
      retentionMs: values.EMBEDDED_STORE_RETENTION_HOURS * HOUR_MS,
      /** On the disk, traces and profiles together. */
      retentionBytes: values.EMBEDDED_STORE_RETENTION_MIB,
      segmentBytes: values.EMBEDDED_STORE_SEGMENT_MIB,
      traceIndexBytes: values.EMBEDDED_STORE_TRACE_INDEX_MIB,
      profileIndexBytes: values.EMBEDDED_STORE_PROFILE_INDEX_MIB,
      /** Largest accepted body, received and decompressed. */
      maxBodyBytes: values.EMBEDDED_STORE_MAX_BODY_MIB,
      /** Received bytes that may be under way to the disk before senders are asked to wait. */
      maxPendingBytes: values.EMBEDDED_STORE_MAX_PENDING_MIB,
      logLevel: values.LOG_LEVEL,
    }
  })

export type StoreConfig = Readonly<z.output<typeof configSchema>>

/** The environment does not describe a store; the message has one line for each variable that is wrong. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** Reads `EMBEDDED_STORE_*` and `LOG_LEVEL`. @throws {ConfigError} */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): StoreConfig {
  const parsed = configSchema.safeParse(environment)
  if (parsed.success) return parsed.data
  const lines = parsed.error.issues.map((issue) => `${issue.path[0]?.toString() ?? ''}: ${issue.message}`)
  throw new ConfigError(lines.join('\n'))
}
