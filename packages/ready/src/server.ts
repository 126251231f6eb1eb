import { createServer, type Server } from 'node:http'
import { ask } from './ask.ts'
import type { Target } from './targets.ts'

/** What `/readyz` says: each backend with `ready`, or why it is not. */
export type Readiness = Readonly<Record<string, string>>

/** Asks all backends at once. */
export async function readiness(
  targets: readonly Target[],
): Promise<{ ready: boolean; backends: Readiness }> {
  const answers = await Promise.all(targets.map(async (target) => ({ ...target, why: await ask(target) })))
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
