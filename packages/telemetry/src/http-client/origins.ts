/** Origins that are remembered; a service that calls more pays for parsing again. */
const MAX_ORIGINS = 256

/** What is said of a server that is called. */
export interface Origin {
  readonly url: string
  readonly host: string
  readonly port: number
  /** Name of the service; empty for a stranger. */
  readonly peerService: string
}

/** Who is behind an address, which a proxy's address does not tell. */
export class Origins {
  readonly #known = new Map<string, Origin>()
  readonly #peerServices = new Map<string, string>()

  /** @param peerServices name by origin */
  constructor(peerServices: Readonly<Record<string, string>>) {
    for (const [origin, name] of Object.entries(peerServices)) this.#peerServices.set(originOf(origin), name)
  }

  name(origin: string, peerService: string): void {
    this.#peerServices.set(originOf(origin), peerService)
    this.#known.clear()
  }

  lookUp(origin: string): Origin {
    let known = this.#known.get(origin)
    if (!known) {
      known = describe(origin, this.#peerServices.get(originOf(origin)) ?? '')
      if (this.#known.size < MAX_ORIGINS) this.#known.set(origin, known)
    }
    return known
  }
}

function describe(origin: string, peerService: string): Origin {
  const url = URL.parse(origin)
  const port = Number(url?.port || (url?.protocol === 'https:' ? 443 : 80))
  return { url: url?.origin ?? origin, host: url?.hostname ?? origin, port, peerService }
}

/** Spelling that `new URL().origin` gives, so that a trailing slash or a default port does not matter. */
function originOf(origin: string): string {
  return URL.parse(origin)?.origin ?? origin
}
