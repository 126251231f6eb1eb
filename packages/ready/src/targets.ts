const PROTOCOLS = ['http:', 'postgres:', 'redis:', 'tcp:'] as const
export type Protocol = (typeof PROTOCOLS)[number]

/** A backend that must be ready, and where to ask. */
export interface Target {
  readonly name: string
  /** Its protocol is a {@link Protocol}. */
  readonly url: URL
}

/**
 * Reads `NAME=URL NAME=URL …`.
 * @throws Error that names the entry and what is wrong with it
 */
export function parseTargets(text: string): readonly Target[] {
  const entries = text.split(/\s+/).filter((entry) => entry !== '')
  if (entries.length === 0) throw new Error('READY_TARGETS is empty: give NAME=URL, separated by spaces')
  const targets = entries.map(parseTarget)
  const names = new Set(targets.map(({ name }) => name))
  if (names.size < targets.length) throw new Error('READY_TARGETS has a name twice')
  return targets
}

function parseTarget(entry: string): Target {
  const at = entry.indexOf('=')
  const [name, address] = [entry.slice(0, at), entry.slice(at + 1)]
  if (at < 1) throw new Error(`READY_TARGETS: "${entry}" is not NAME=URL`)
  const url = URL.parse(address)
  if (url === null || !PROTOCOLS.some((protocol) => protocol === url.protocol)) {
    throw new Error(
      `READY_TARGETS: "${address}" of ${name} is no http://, postgres://, redis:// or tcp:// URL`,
    )
  }
  return { name, url }
}
