import { createServer, type Server } from 'node:http'
import { ask, PROTOCOLS } from './ask.ts'

/** A backend that must be ready, and where to ask. */
export interface Target {
  readonly name: string
  /** Of one of the {@link PROTOCOLS}. */
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
  if (url === null || !PROTOCOLS.includes(url.protocol)) {
    throw new Error(
      `READY_TARGETS: "${address}" of ${name} is no http://, postgres://, redis:// or tcp:// URL`,
    )
  }
  return { name, url }
}

/** Asks all backends at once. */
async function readiness(targets: readonly Target[]): Promise<{ ready: boolean; backends: object }> {
  const answers = await Promise.all(
    targets.map(async (target) => ({ ...target, why: await ask(target.url) })),
  )
  return {
    ready: answers.every(({ why }) => why === undefined),
    backends: Object.fromEntries(answers.map(({ name, why }) => [name, why ?? 'ready'])),
  }
}

/** Serves `/readyz`: 200 when every backend is ready, else 503; the body says which is not, and why. */
export function readyServer(targets: readonly Target[]): Server {
  return createServer(async (request, response) => {
    if (request.url !== '/readyz') {
      response.writeHead(404).end()
      return
    }
    const { ready, backends } = await readiness(targets)
    response.writeHead(ready ? 200 : 503, { 'content-type': 'application/json' })
    response.end(`${JSON.stringify(backends, null, 2)}\n`)
  })
}
