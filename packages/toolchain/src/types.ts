/** A third-party program that the kit runs but does not contain. */
export type BinaryName =
  | 'toxiproxy'
  | 'nats'
  | 'prometheus'
  | 'promtool'
  | 'collector'
  | 'loki'
  | 'k6'
  | 'caddy'
  | 'compose'
  | 'tempo'
  | 'pyroscope'
  | 'grafana'
  | 'valkey'
  | 'alertmanager'

/**
 * Where a binary came from: a path given in the environment, `PATH`, the kit's cache, or a build that
 * this very call made.
 */
export type BinarySource = 'env' | 'path' | 'cache' | 'built'

/** A binary that can be started. */
export interface ResolvedBinary {
  readonly name: BinaryName
  /** Absolute path of the executable. */
  readonly path: string
  /** Semantic version, or `unknown` for a path from the environment whose program does not tell. */
  readonly version: string
  readonly source: BinarySource
}

/** What a build reports on its way. Durations are in seconds. */
export type BuildProgress = { readonly binary: BinaryName } & (
  | {
      /** Another build runs, in this process or in another one; only one runs at a time. */
      readonly phase: 'waiting'
    }
  | {
      readonly phase: 'started'
      /** What the build took on two idle cores with nothing cached: a hint, not a promise. */
      readonly expectedSeconds: number
    }
  | {
      readonly phase: 'downloading'
      /** Modules downloaded so far; stays 0 when the module cache has them all. */
      readonly modules: number
    }
  | {
      readonly phase: 'compiling'
      readonly elapsedSeconds: number
      readonly expectedSeconds: number
      /** Elapsed as a rough share of the whole, 0 to 0.99. */
      readonly share: number
      /** Packages compiled in this build; packages that Go has cached do not count. */
      readonly compiledPackages: number
      readonly totalPackages: number
    }
  | { readonly phase: 'done'; readonly elapsedSeconds: number; readonly path: string }
)

export interface ResolveOptions {
  /** Called for every step of a build; never called when the binary is there already. */
  readonly onProgress?: (progress: BuildProgress) => void
  /** Ends a build, together with all processes that it started; the promise rejects with its reason. */
  readonly signal?: AbortSignal
  /** Environment to read `PATH`, `FAULTLINE_BIN_*`, `FAULTLINE_CACHE_DIR` and Go's settings from. Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv
}
