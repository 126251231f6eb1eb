import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type StubBookingOptions, stubBooking } from './stub-booking.ts'

/** What the stub received, for assertions about the traffic. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
}

export interface StubShop extends AsyncDisposable {
  readonly url: string
  readonly seen: readonly SeenRequest[]
  /** Ids of the orders that it placed. */
  readonly acknowledged: readonly string[]
}

export interface Answer {
  status: number
  body?: unknown
  headers?: Record<string, string>
}

const uuid = (kind: number, index: number): string =>
  `${kind.toString(16).padStart(8, '0')}-0000-4000-8000-${index.toString(16).padStart(12, '0')}`
const range = (length: number): number[] => Array.from({ length }, (_, index) => index)

const concerts = range(120).map((index) => ({
  id: uuid(1, index),
  title: `Night of strings ${index}`,
  venue: { id: uuid(2, index % 5), name: `Hall ${index % 5}`, city: ['Oslo', 'Lisbon'][index % 2] },
}))
const venues = range(5).map((index) => ({ id: uuid(2, index), name: `Hall ${index}` }))
const seats = range(80).map((index) => ({
  id: uuid(3, index),
  status: index % 2 === 0 ? 'available' : 'sold',
}))

function listOf(items: readonly unknown[], query: URLSearchParams): Answer {
  const cursor = query.get('cursor')
  const start = cursor === null ? 0 : Number(cursor)
  if (!Number.isInteger(start)) return problem(400, 'Invalid cursor')
  const end = start + Number(query.get('limit') ?? 20)
  return {
    status: 200,
    body: { items: items.slice(start, end), nextCursor: end < items.length ? `${end}` : null },
  }
}

function problem(status: number, title: string): Answer {
  return {
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: { type: 'about:blank', title, status, detail: title, instance: '/', requestId: 'stub' },
  }
}

function one(items: readonly { id: string }[], id: string, ifNoneMatch: string | undefined): Answer {
  const item = items.find((candidate) => candidate.id === id)
  if (!item) return problem(404, 'Not found')
  const etag = `"${id}"`
  return ifNoneMatch === etag
    ? { status: 304, headers: { etag } }
    : { status: 200, body: item, headers: { etag } }
}

function availability(text: string): Answer {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return problem(400, 'Malformed JSON')
  }
  const ids = (body as { concertIds?: unknown }).concertIds
  if (!Array.isArray(ids) || ids.length === 0) return problem(400, 'Invalid body')
  return { status: 200, body: { items: ids.map((concertId) => ({ concertId, available: 1 })) } }
}

function answer(request: SeenRequest, body: string): Answer {
  const [, version, resource, id, child] = request.path.split('/')
  if (request.path === '/openapi.json') return { status: 200, body: { openapi: '3.1.0', paths: {} } }
  if (version !== 'v1') return problem(404, 'Not found')
  const ifNoneMatch = request.headers['if-none-match']
  switch (resource) {
    case 'concerts':
      if (id === undefined) return listOf(concerts, request.query)
      if (child === 'seats') return listOf(seats, request.query)
      return one(concerts, id, ifNoneMatch)
    case 'venues':
      return id === undefined ? listOf(venues, request.query) : one(venues, id, ifNoneMatch)
    case 'availability-queries':
      return availability(body)
    default:
      return problem(404, 'Not found')
  }
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/**
 * A shop that answers the public API from memory, so that the scripts can be tried without the kit.
 *
 * @param disturb may put another answer in the place of the healthy one
 */
export async function startStubShop(
  disturb: (request: SeenRequest) => Answer | undefined = () => undefined,
  { delayMilliseconds = 0, ...signedIn }: StubBookingOptions & { readonly delayMilliseconds?: number } = {},
): Promise<StubShop> {
  const seen: SeenRequest[] = []
  const booking = stubBooking(signedIn)
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const url = new URL(incoming.url ?? '/', 'http://stub')
      const request = {
        method: incoming.method ?? 'GET',
        path: url.pathname,
        query: url.searchParams,
        headers: incoming.headers,
      }
      const text = Buffer.concat(chunks).toString()
      const { status, body, headers } =
        disturb(request) ?? booking.answer(request, text) ?? answer(request, text)
      seen.push(request)
      setTimeout(() => {
        outgoing.writeHead(status, { 'content-type': 'application/json', ...headers })
        outgoing.end(body === undefined ? undefined : JSON.stringify(body))
      }, delayMilliseconds)
    })
  })
  const url = await listen(server)
  return {
    url,
    seen,
    acknowledged: booking.acknowledged,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
