import type { ComposeModel } from '../compose-file/read.ts'
import type { ComposeService } from '../compose-file/service.ts'
import { placeOf } from '../compose-file/tree.ts'
import { type Addresses, HOST } from '../endpoints.ts'
import { wrongUse } from '../errors.ts'

/** In a container: every address; here: loopback. */
const EVERYWHERE = '0.0.0.0'
/** The machine itself, as containers call it. */
const MACHINE = 'host.docker.internal'

/**
 * Where a service answers on this machine at the port that it has in a container, as `HOST:PORT`; undefined when the
 * files do not declare the port.
 */
export type Locate = (service: string, target: number) => string | undefined

/** Where the services of the files answer as plain processes: at their published numbers, moved by an offset. */
export function locateByFile({ services }: ComposeModel, offset: number): Locate {
  return (name, target) => {
    const service = services.get(name)
    const port = service?.ports.find((one) => one.target === target)
    if (port !== undefined) return `${HOST}:${port.published + offset}`
    return service?.expose.includes(target) === true ? `${HOST}:${target + offset}` : undefined
  }
}

/** Where the services of a running kit answer. What it does not run, or does not publish, is nowhere: port 1 of loopback. */
export function locateByAddress({ services }: ComposeModel, addresses: Addresses): Locate {
  return (name, target) => {
    const port = services.get(name)?.ports.find((one) => one.target === target)
    return port === undefined ? undefined : (addresses[`${name}/${port.name}`] ?? `${HOST}:1`)
  }
}

interface TranslateOptions {
  readonly model: ComposeModel
  readonly locate: Locate
  /** What stands before a path below a mount; nothing where the program starts in its root, so that the path is relative. */
  readonly root?: string
  /** A service that this one answers for, with the ports of it. */
  readonly standsInFor?: readonly string[]
  /** What every published number is moved by. */
  readonly offset: number
}

/** Translates a service's command, variables and files from a container to a plain process. */
export class Translator {
  readonly #service: ComposeService
  readonly #options: TranslateOptions
  readonly #address: RegExp
  readonly #path: RegExp | undefined
  readonly #published: ReadonlySet<number>

  constructor(service: ComposeService, options: TranslateOptions) {
    this.#service = service
    this.#options = options
    const names = [...options.model.services.keys(), ...options.model.removed].sort(longestFirst)
    const hosts = [...names, EVERYWHERE, HOST, 'localhost', MACHINE].map(RegExp.escape)
    this.#address = new RegExp(`(?<![\\w.-])(${hosts.join('|')})(?::(\\d+))?(?![\\w-])`, 'g')
    const targets = service.mounts
      .map(({ target }) => target)
      .sort(longestFirst)
      .map(RegExp.escape)
    this.#path =
      targets.length === 0
        ? undefined
        : new RegExp(`(?<![\\w./-])(?:${targets.join('|')})(?=$|[/\\s,;:"'\\])}])`, 'g')
    this.#published = new Set(
      [...options.model.services.values()].flatMap(({ ports }) => ports.map(({ published }) => published)),
    )
  }

  /** Addresses of services, of this machine and of listeners, and paths below mounts. */
  text(text: string): string {
    const moved = text.replaceAll(this.#address, (whole, host: string, port: string | undefined) =>
      this.#addressOf(whole, host, port === undefined ? undefined : Number(port)),
    )
    if (this.#path === undefined) return moved
    const { root } = this.#options
    // without ./ in front, which NATS takes for the start of a number
    return moved.replaceAll(this.#path, (path) => (root === undefined ? path.slice(1) : `${root}${path}`))
  }

  /** A command's words: a number after a port option moves, too. */
  words(words: readonly string[]): readonly string[] {
    return words.map((word, at) => {
      if (/^\d+$/.test(word) && /^--?[\w.-]*port$/i.test(words[at - 1] ?? '')) return this.#port(word)
      const option = /^(?<name>.*\bport=)(?<port>\d+)$/i.exec(word)?.groups
      if (option !== undefined) return `${option.name}${this.#port(option.port ?? '')}`
      return this.text(word)
    })
  }

  /** Variables: a number in one that ends in PORT moves, too. */
  variables(variables: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [
        name,
        /PORT$/.test(name) && /^\d+$/.test(value) ? this.#port(value) : this.text(value),
      ]),
    )
  }

  #addressOf(whole: string, host: string, port: number | undefined): string {
    if (host === EVERYWHERE) {
      if (port === undefined) return HOST
      return this.#ownPort(port) ?? this.#undeclared(whole, this.#service.name, port)
    }
    if (host === MACHINE) return port === undefined ? HOST : `${HOST}:${port}`
    if (port === undefined) return whole
    if (host === HOST || host === 'localhost') {
      return this.#published.has(port) ? `${host}:${port + this.#options.offset}` : whole
    }
    if (this.#options.model.removed.has(host)) return whole
    return this.#options.locate(host, port) ?? this.#undeclared(whole, host, port)
  }

  /** A bare number: a port of its own, else another service's, else one of this machine; anything else stays. */
  #port(text: string): string {
    const port = Number(text)
    const found = this.#ownPort(port) ?? this.#portOf(this.#options.model.services.keys(), port)
    if (found !== undefined) return found.slice(found.lastIndexOf(':') + 1)
    return this.#published.has(port) ? String(port + this.#options.offset) : text
  }

  #ownPort(port: number): string | undefined {
    return this.#portOf([this.#service.name, ...(this.#options.standsInFor ?? [])], port)
  }

  #portOf(services: Iterable<string>, port: number): string | undefined {
    for (const name of services) {
      const address = this.#options.locate(name, port)
      if (address !== undefined) return address
    }
    return undefined
  }

  #undeclared(whole: string, owner: string, port: number): never {
    throw wrongUse(
      `${placeOf(this.#service.at)}: service ${this.#service.name} is given ${whole}, but ${owner} neither publishes (ports) nor exposes (expose) ${port}`,
    )
  }
}

const longestFirst = (a: string, b: string): number => b.length - a.length
