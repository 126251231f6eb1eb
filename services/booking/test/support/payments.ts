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
import { createTokenVerifier, InvalidTokenError, type TokenVerifier } from '@faultline/service-kit'
import { decodeProtectedHeader } from 'jose'

/**
 * What payments does with a charge. `succeed`, `decline`: at once. `pending`: says that it does not know yet; succeeds
 * when asked the second time. `late`: charges at once, answers when {@link TestPayments.answerLate} says so. `fail`: 500,
 * nothing charged. `lose`: charges and breaks the connection off before it answers.
 */
export type Behaviour = 'succeed' | 'decline' | 'pending' | 'late' | 'fail' | 'lose'

/** Payments as booking sees it: a small HTTP server that charges an order once. */
export interface TestPayments extends AsyncDisposable {
  readonly url: string
  /** What happens next; one word for every charge, or one that chooses. */
  behaviour: Behaviour | ((request: ChargeRequest) => Behaviour)
  /** Charges by order. */
  readonly charges: ReadonlyMap<string, Charge>
  /** Requests that came, in order. */
  readonly requests: readonly ChargeRequest[]
  /** Requests whose token was not good. */
  refused: number
  /** Keys by which good tokens were signed. */
  readonly signedBy: ReadonlySet<string>
  /** Lets go of what is held by `late`. */
  answerLate(): void
}

/** @param jwksUrl where booking publishes its keys: one address, whichever replica signs */
export async function startPayments(jwksUrl: () => string): Promise<TestPayments> {
  const charges = new Map<string, Charge>()
  const requests: ChargeRequest[] = []
  const asked = new Map<string, number>()
  const signedBy = new Set<string>()
  let held: (() => void)[] = []
  const verifiers = new Map<string, TokenVerifier>()

  function verifierOf(url: string): TokenVerifier {
    const issuers = [{ issuer: CHARGE_TOKEN_ISSUER, jwksUrl: url }]
    const verifier = verifiers.get(url) ?? createTokenVerifier({ issuers, audience: CHARGE_TOKEN_AUDIENCE })
    verifiers.set(url, verifier)
    return verifier
  }

  /** Status for a request whose token is not good, or cannot be checked at the moment. */
  async function refusal(req: IncomingMessage): Promise<401 | 503 | undefined> {
    const token = req.headers.authorization?.replace('Bearer ', '') ?? ''
    try {
      const { scopes } = await verifierOf(jwksUrl()).verify(token)
      if (!scopes.has(CHARGE_TOKEN_SCOPE)) return 401
      signedBy.add(decodeProtectedHeader(token).kid ?? '')
      return undefined
    } catch (error) {
      return error instanceof InvalidTokenError ? 401 : 503
    }
  }

  const server = createServer(async (req, res) => {
    const answer = (status: number, body: unknown) => {
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    const refused = await refusal(req)
    if (refused === 401) payments.refused++
    if (refused) return answer(refused, {})
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
    refused: 0,
    signedBy,
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
