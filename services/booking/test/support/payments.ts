import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import {
  CHARGE_TOKEN_AUDIENCE,
  CHARGE_TOKEN_ISSUER,
  CHARGE_TOKEN_SCOPE,
  type Charge,
  type ChargeRequest,
  chargeRequestSchema,
} from '@faultline/contracts'
import { createTokenVerifier, type TokenVerifier } from '@faultline/service-kit'

/**
 * What payments does with a charge. `succeed`, `decline`: at once. `pending`: says that it does not know yet; succeeds
 * when asked the second time. `late`: charges at once, answers when {@link TestPayments.answerLate} says so. `fail`: 500,
 * nothing charged. `lose`: charges and breaks the connection off before it answers.
 */
export type Behaviour = 'succeed' | 'decline' | 'pending' | 'late' | 'fail' | 'lose'

/** Payments as booking sees it: a small HTTP server that charges once an order. */
export interface TestPayments extends AsyncDisposable {
  readonly url: string
  /** What happens next; one word for every charge, or one that chooses. */
  behaviour: Behaviour | ((request: ChargeRequest) => Behaviour)
  /** Charges by order. */
  readonly charges: ReadonlyMap<string, Charge>
  /** Requests that came, in order. */
  readonly requests: readonly ChargeRequest[]
  /** Lets go of what is held by `late`. */
  answerLate(): void
}

/** @param jwksUrls where the replicas of booking publish their keys: each has one of its own */
export async function startPayments(jwksUrls: () => readonly string[]): Promise<TestPayments> {
  const charges = new Map<string, Charge>()
  const requests: ChargeRequest[] = []
  const asked = new Map<string, number>()
  let held: (() => void)[] = []
  const verifiers = new Map<string, TokenVerifier>()

  function verifierOf(jwksUrl: string): TokenVerifier {
    const options = {
      issuers: [{ issuer: CHARGE_TOKEN_ISSUER, jwksUrl }],
      audience: CHARGE_TOKEN_AUDIENCE,
      // Tests start booking anew at the same address within a second, each time with another key.
      jwksCooldownMs: 0,
    }
    const verifier = verifiers.get(jwksUrl) ?? createTokenVerifier(options)
    verifiers.set(jwksUrl, verifier)
    return verifier
  }

  async function authorized(req: IncomingMessage): Promise<boolean> {
    const token = req.headers.authorization?.replace('Bearer ', '') ?? ''
    for (const url of jwksUrls()) {
      const principal = await verifierOf(url)
        .verify(token)
        .catch(() => undefined)
      if (principal?.scopes.has(CHARGE_TOKEN_SCOPE)) return true
    }
    return false
  }

  const server = createServer(async (req, res) => {
    const answer = (status: number, body: unknown) => {
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    if (!(await authorized(req))) return answer(401, {})
    const request = chargeRequestSchema.parse(await json(req))
    if (req.headers['idempotency-key'] !== request.orderId) return answer(400, {})
    requests.push(request)
    const times = (asked.get(request.orderId) ?? 0) + 1
    asked.set(request.orderId, times)
    const { behaviour } = payments
    const now = typeof behaviour === 'function' ? behaviour(request) : behaviour
    if (now === 'fail') return answer(500, {})
    const known = charges.get(request.orderId)
    const charge = known ?? {
      id: randomUUID(),
      orderId: request.orderId,
      status: now === 'decline' ? ('declined' as const) : ('succeeded' as const),
      total: request.total,
      declineReason: now === 'decline' ? 'insufficient_funds' : null,
      createdAt: new Date().toISOString(),
    }
    if (now === 'pending' && times === 1) return answer(202, { ...charge, status: 'pending' })
    charges.set(request.orderId, charge)
    if (now === 'lose') return void req.socket.destroy()
    if (now === 'late') return void held.push(() => answer(201, charge))
    answer(201, charge)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const payments: TestPayments = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    behaviour: 'succeed',
    charges,
    requests,
    answerLate() {
      for (const release of held) release()
      held = []
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return payments
}
