import { relative } from 'node:path'
import { REPOSITORY_ROOT } from '@faultline/toolchain'

/** Where something stands in a compose file, for errors: `docker-compose.yml:120`. */
export interface Place {
  /** Absolute path. */
  readonly file: string
  /** From 1. */
  readonly line: number
}

/** A place for people: `docker-compose.yml:120`, as editors and terminals link it. */
export function placeOf({ file, line }: Place): string {
  const inRepository = relative(REPOSITORY_ROOT, file)
  return `${inRepository.startsWith('..') ? file : inRepository}:${line}`
}

/** A port that a service publishes (long syntax, with a name). */
export interface ComposePort {
  readonly name: string
  /** Number that the service listens on in a container. */
  readonly target: number
  /** Number on this machine. */
  readonly published: number
  readonly protocol: 'tcp' | 'udp'
}

/** Something that a container sees at a path of its own. */
export interface ComposeMount {
  readonly type: 'bind' | 'volume'
  /** Absolute path of this machine, or the name of a volume. */
  readonly source: string
  /** Absolute path in the container. */
  readonly target: string
}

/** A service of the merged files, with variables filled in. */
export interface ComposeService {
  readonly name: string
  readonly at: Place
  /** Without the tag: `docker.io/library/caddy`, `faultline-kit`. */
  readonly image: string
  /** The tag, `2.11.7`; empty where there is none. */
  readonly tag: string
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly ports: readonly ComposePort[]
  /** Ports that other services reach and this machine does not. */
  readonly expose: readonly number[]
  readonly mounts: readonly ComposeMount[]
  readonly dependsOn: readonly string[]
  /** Of those, the service runs only where it is asked for. */
  readonly profiles: readonly string[]
  readonly stopSignal?: NodeJS.Signals
  /** How long it may take to stop, in ms; 10 s where the files do not say, as compose has it. */
  readonly stopGraceMs: number
  /** `restart: "no"`: runs to its end and is done. */
  readonly isTask: boolean
  /** `x-needs`: variables that go where the service that each is about is absent. */
  readonly needs: Readonly<Record<string, string>>
  /** `x-flushes-to`: services that must outlive it, so that what it flushes when it stops arrives. */
  readonly flushesTo: readonly string[]
  /** `x-stands-in-for`: services in whose place it runs where they have no program, each with the variables that are about it. */
  readonly standsInFor: Readonly<Record<string, readonly string[]>>
}

/** Compose files as one: the first with the others merged over it, in their order. */
export interface ComposeModel {
  /** In the order in which the files name them. */
  readonly services: ReadonlyMap<string, ComposeService>
  /** Names of services that one file has and a later one takes out (`!reset null`). */
  readonly removed: ReadonlySet<string>
}
