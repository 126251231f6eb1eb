import { Agent, request } from 'undici'
import type { VerifyEndpoints } from '../context.ts'

const PATH = '/v1/concerts?limit=1'
const TIMEOUT_MS = 5_000

/**
 * One visitor's request at each port of the edge, so that its panels have something to show. Verify follows its other
 * requests through the gateway: the edge takes away the trace that a visitor brings. Whether it answers is told by
 * another check; here a failure is no matter.
 */
export async function visitEdge({ edge, edgeTls }: VerifyEndpoints, signal: AbortSignal): Promise<void> {
  // its certificate is by an authority of its own, which no machine knows
  await using agent = disposable(new Agent({ connect: { rejectUnauthorized: false } }))
  await Promise.allSettled(
    [edge, edgeTls].map(async (base) => {
      const { body } = await request(new URL(PATH, base), {
        dispatcher: agent.agent,
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      })
      await body.dump()
    }),
  )
}

const disposable = (agent: Agent): AsyncDisposable & { agent: Agent } => ({
  agent,
  [Symbol.asyncDispose]: () => agent.destroy(),
})
