import type { Answer, SeenRequest } from './stub-shop.ts'

interface StubOrder {
  readonly id: string
  readonly owner: string
  readonly body: Record<string, unknown>
  ticketPolls: number
}

export interface StubBookingOptions {
  /** Reservations that lose their seats to somebody else, before the first that succeeds. */
  readonly conflicts?: number
  /** Orders are pending at first. */
  readonly pending?: boolean
  /** Seconds that an access token lives. Default 300. */
  readonly tokenSeconds?: number
}

const total = { amount: 5_000, currency: 'EUR' }
const createdAt = '2026-11-01T10:00:00.000Z'
let ids = 0
const nextId = (): string => `00000009-0000-4000-8000-${(ids++).toString(16).padStart(12, '0')}`

function problem(status: number, kind: string): Answer {
  return {
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: { type: `urn:faultline:problem:${kind}`, title: kind, status, detail: kind, requestId: 'stub' },
  }
}

/** The part of the box office that needs a sign-in: sessions, reservations, orders, tickets; from memory. */
export function stubBooking({ conflicts = 0, pending = false, tokenSeconds = 300 }: StubBookingOptions = {}) {
  const users = new Map<string, { name: string; expiresAt: number }>()
  const refreshTokens = new Map<string, string>()
  const reservations = new Map<string, { owner: string; body: Record<string, unknown> }>()
  const orders = new Map<string, StubOrder>()
  const answered = new Map<string, Answer>()
  const acknowledged: string[] = []
  let conflictsLeft = conflicts

  function session(name: string): Answer {
    const accessToken = `access-${nextId()}`
    const refreshToken = `refresh-${nextId()}`
    users.set(accessToken, { name, expiresAt: Date.now() + tokenSeconds * 1_000 })
    refreshTokens.set(refreshToken, name)
    return { status: 201, body: { accessToken, refreshToken, expiresIn: tokenSeconds, tokenType: 'Bearer' } }
  }

  function sessions(request: SeenRequest, body: Record<string, unknown>): Answer {
    if (request.path === '/v1/sessions') {
      return body.password === 'faultline-demo'
        ? session(String(body.username))
        : problem(401, 'wrong-credentials')
    }
    if (request.path === '/v1/sessions/current') {
      users.delete(tokenOf(request))
      return { status: 204 }
    }
    const name = refreshTokens.get(String(body.refreshToken))
    refreshTokens.delete(String(body.refreshToken))
    return name === undefined ? problem(401, 'wrong-refresh-token') : session(name)
  }

  function reserve(owner: string, body: Record<string, unknown>): Answer {
    if (conflictsLeft-- > 0) return problem(409, 'seat-not-available')
    const reservation = { id: nextId(), ...body, status: 'held', total, createdAt, expiresAt: createdAt }
    reservations.set(reservation.id, { owner, body: reservation })
    return { status: 201, body: reservation }
  }

  function order(owner: string, body: Record<string, unknown>): Answer {
    const reservation = reservations.get(String(body.reservationId))
    if (reservation?.owner !== owner) return problem(404, 'not-found')
    if (body.paymentToken === 'tok_declined') return problem(402, 'payment-declined')
    const id = nextId()
    const placed = { ...reservation.body, id, reservationId: body.reservationId }
    acknowledged.push(id)
    orders.set(id, { id, owner, body: placed, ticketPolls: 0 })
    return { status: pending ? 202 : 201, body: { ...placed, status: pending ? 'pending' : 'confirmed' } }
  }

  function ordersOf(owner: string, id: string | undefined, child: string | undefined): Answer {
    if (id === undefined) return { status: 200, body: { items: [], nextCursor: null } }
    const found = orders.get(id)
    if (found?.owner !== owner) return problem(404, 'not-found')
    if (child === undefined) return { status: 200, body: { ...found.body, status: 'confirmed' } }
    if (child === 'ticket.pdf') return { status: 200, headers: { 'content-type': 'application/pdf' } }
    return found.ticketPolls++ === 0
      ? problem(404, 'ticket-not-ready')
      : { status: 200, body: { id: nextId(), orderId: id, seatIds: [], issuedAt: createdAt } }
  }

  const tokenOf = ({ headers }: SeenRequest): string => (headers.authorization ?? '').replace('Bearer ', '')

  /** A POST with a key is answered once; who sends it again gets the same. */
  function once(request: SeenRequest, make: () => Answer): Answer {
    const key = String(request.headers['idempotency-key'] ?? '')
    if (!/^[A-Za-z0-9_-]{8,128}$/.test(key)) return problem(400, 'validation-failed')
    const stored = answered.get(key) ?? make()
    answered.set(key, stored)
    return stored
  }

  function answer(request: SeenRequest, text: string): Answer | undefined {
    const [, , resource, id, child] = request.path.split('/')
    if (!/^(sessions|reservations|orders|webhooks)$/.test(resource ?? '')) return undefined
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
    if (resource === 'sessions') return sessions(request, body)
    const user = users.get(tokenOf(request))
    if (user === undefined || user.expiresAt < Date.now()) return problem(401, 'unauthenticated')
    if (resource === 'webhooks') return problem(403, 'insufficient-scope')
    if (request.method === 'GET' && resource === 'orders') return ordersOf(user.name, id, child)
    if (resource === 'orders') return once(request, () => order(user.name, body))
    if (request.method === 'POST') return once(request, () => reserve(user.name, body))
    const found = reservations.get(id ?? '')
    if (found?.owner !== user.name) return problem(404, 'not-found')
    return request.method === 'DELETE' ? { status: 204 } : { status: 200, body: found.body }
  }

  return { answer, acknowledged }
}
