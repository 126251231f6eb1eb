/** How to find a program that is installed already. */
export interface BinarySpec {
  readonly name: BinaryName
  /** Names to look for on `PATH`, in this order. */
  readonly executables: readonly string[]
  /** `--version` by default. */
  readonly versionArgs?: readonly string[]
  /** Its first group is the version. Anchored on the program's name, as others share such names. */
  readonly versionPattern: RegExp
  /** Semver range of the versions that the kit takes from `PATH`. */
  readonly supported: string
  /** Absent where the kit does not build the program itself. */
  readonly build?: GoBuild
}

/** How to build a program from its pinned Go module. */
export interface GoBuild {
  /** Version that the module below `tools/` pins, as the program names it. */
  readonly version: string
  readonly module: string
  /** Version of the module, where it is not `v` + `version`. */
  readonly moduleVersion?: string
  /** Folder below `tools/` with go.mod and go.sum. */
  readonly folder: string
  /** Import path of the command. */
  readonly package: string
  readonly file: string
  readonly tags?: readonly string[]
  /** Go variable that the program reads its own version from; its release build sets it likewise. */
  readonly versionVariable?: string
  /** What that variable's value has in front of the version; nothing by default. */
  readonly versionPrefix?: string
  /** Set where the source is generated from a manifest of the collector builder. */
  readonly manifest?: string
  /** On two idle cores with nothing cached. */
  readonly expectedSeconds: number
  /**
   * Free disk space to ask for before a build: what one with nothing cached takes for its modules, Go's build
   * cache and temporary files. About 0.6 MiB a package for each of the latter two.
   */
  readonly diskMiB: number
}

/** Pinned by one module. */
const PROMETHEUS = {
  version: '3.16.0',
  module: 'github.com/prometheus/prometheus',
  // Prometheus numbers the module of release 3.16.0 as v0.316.0, since its Go API is not stable.
  moduleVersion: 'v0.316.0',
  folder: 'prometheus',
  // Service discovery of clouds is most of the program's size and not used here.
  tags: ['remove_all_sd'],
  versionVariable: 'github.com/prometheus/common/version.Version',
  diskMiB: 2000,
}

/** Every binary the kit knows, quickest build first, those it cannot build last. */
const TABLE = {
  toxiproxy: {
    executables: ['toxiproxy-server'],
    versionPattern: /^toxiproxy-server version v?(\d+\.\d+\.\d+)/m,
    supported: '^2.5.0',
    build: {
      version: '2.5.0',
      module: 'github.com/Shopify/toxiproxy/v2',
      folder: 'toxiproxy',
      package: 'github.com/Shopify/toxiproxy/v2/cmd/server',
      file: 'toxiproxy-server',
      versionVariable: 'github.com/Shopify/toxiproxy/v2.Version',
      expectedSeconds: 6,
      diskMiB: 350,
    },
  },
  nats: {
    executables: ['nats-server'],
    versionPattern: /^nats-server: v?(\d+\.\d+\.\d+)/m,
    supported: '^2.15.2',
    build: {
      version: '2.15.2',
      module: 'github.com/nats-io/nats-server/v2',
      folder: 'nats',
      package: 'github.com/nats-io/nats-server/v2',
      file: 'nats-server',
      expectedSeconds: 17,
      diskMiB: 450,
    },
  },
  k6: {
    executables: ['k6'],
    versionPattern: /^k6 v?(\d+\.\d+\.\d+)/m,
    supported: '^1.8.1',
    build: {
      version: '1.8.1',
      module: 'go.k6.io/k6',
      folder: 'k6',
      package: 'go.k6.io/k6',
      file: 'k6',
      expectedSeconds: 62,
      diskMiB: 1300,
    },
  },
  caddy: {
    executables: ['caddy'],
    versionArgs: ['version'],
    // It prints nothing but its version; built from its module, the module's own tag.
    versionPattern: /^v(\d+\.\d+\.\d+)(?: h1:\S+)?$/m,
    supported: '^2.11.0',
    build: {
      version: '2.11.9',
      module: 'github.com/caddyserver/caddy/v2',
      folder: 'caddy',
      package: 'github.com/caddyserver/caddy/v2/cmd/caddy',
      file: 'caddy',
      versionVariable: 'github.com/caddyserver/caddy/v2.CustomVersion',
      versionPrefix: 'v',
      expectedSeconds: 60,
      diskMiB: 1200,
    },
  },
  prometheus: {
    executables: ['prometheus'],
    versionPattern: /^prometheus, version v?(\d+\.\d+\.\d+)/m,
    supported: '^3.16.0',
    build: {
      ...PROMETHEUS,
      package: 'github.com/prometheus/prometheus/cmd/prometheus',
      file: 'prometheus',
      expectedSeconds: 98,
    },
  },
  promtool: {
    executables: ['promtool'],
    versionPattern: /^promtool, version v?(\d+\.\d+\.\d+)/m,
    supported: '^3.16.0',
    build: {
      ...PROMETHEUS,
      package: 'github.com/prometheus/prometheus/cmd/promtool',
      file: 'promtool',
      expectedSeconds: 44,
    },
  },
  compose: {
    executables: ['docker-compose'],
    versionArgs: ['version'],
    versionPattern: /^Docker Compose version v?(\d+\.\d+\.\d+)/m,
    supported: '>=2.24.0',
    build: {
      version: '2.40.3',
      module: 'github.com/docker/compose/v2',
      folder: 'compose',
      package: 'github.com/docker/compose/v2/cmd',
      file: 'docker-compose',
      versionVariable: 'github.com/docker/compose/v2/internal.Version',
      versionPrefix: 'v',
      expectedSeconds: 173,
      diskMiB: 1500,
    },
  },
  collector: {
    executables: ['otelcol-contrib'],
    versionPattern: /^(?:otelcol-contrib|faultline-collector) version v?(\d+\.\d+\.\d+)/m,
    // The collector renames settings between minor versions, so only patches of the tested one.
    supported: '~0.161.0',
    build: {
      version: '0.161.0',
      module: 'go.opentelemetry.io/collector/otelcol',
      folder: 'collector',
      package: '.',
      file: 'faultline-collector',
      tags: ['remove_all_sd', 'slicelabels'],
      manifest: 'collector/manifest.yaml',
      expectedSeconds: 226,
      diskMiB: 3000,
    },
  },
  loki: {
    executables: ['loki'],
    versionPattern: /^loki, version v?(\d+\.\d+\.\d+)/m,
    supported: '^3.7.8',
    build: {
      version: '3.7.8',
      module: 'github.com/grafana/loki/v3',
      folder: 'loki',
      package: 'github.com/grafana/loki/v3/cmd/loki',
      file: 'loki',
      versionVariable: 'github.com/grafana/loki/v3/pkg/util/build.Version',
      expectedSeconds: 270,
      diskMiB: 4000,
    },
  },
  tempo: {
    executables: ['tempo'],
    versionPattern: /^tempo, version v?(\d+\.\d+(?:\.\d+)?)/m,
    supported: '>=3.0.0',
  },
  pyroscope: {
    executables: ['pyroscope'],
    versionPattern: /^pyroscope, version v?(\d+\.\d+(?:\.\d+)?)/m,
    supported: '>=2.0.0',
  },
  grafana: {
    executables: ['grafana'],
    versionPattern: /^grafana version v?(\d+\.\d+(?:\.\d+)?)/im,
    supported: '>=13.0.0',
  },
  valkey: {
    executables: ['valkey-server', 'redis-server'],
    versionPattern: /^(?:Valkey|Redis) server v=(\d+\.\d+\.\d+)/m,
    // Valkey began as Redis 7.2; the catalog's commands are older than both.
    supported: '>=7.0.0',
  },
  alertmanager: {
    executables: ['alertmanager'],
    versionPattern: /^alertmanager, version v?(\d+\.\d+\.\d+)/m,
    // its API v2, which Prometheus speaks
    supported: '>=0.27.0',
  },
} satisfies Readonly<Record<string, Omit<BinarySpec, 'name'>>>

/** A third-party program that the kit runs but does not contain. */
export type BinaryName = keyof typeof TABLE
export const BINARY_NAMES = Object.keys(TABLE) as readonly BinaryName[]

/** Versions that the kit builds, by name. */
export function binaryVersions(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    BINARY_NAMES.flatMap((name) => {
      const { build } = binarySpec(name)
      return build === undefined ? [] : [[name, build.version]]
    }),
  )
}

/** What the kit knows of a binary. */
export function binarySpec(name: BinaryName): BinarySpec {
  return { name, ...TABLE[name] }
}

/** Environment variable that names a path to the binary, such as `FAULTLINE_BIN_PROMETHEUS`. */
export function pathVariable(name: BinaryName): string {
  return `FAULTLINE_BIN_${name.toUpperCase()}`
}
