/** A catalog that always gives the same page of concerts, 8 KB of JSON, so that only the gateway is measured. */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { ConcertPage } from '@faultline/contracts'

const TARGET_BYTES = 8_192

function pageOf(count: number): string {
  const page: ConcertPage = {
    items: Array.from({ length: count }, (_, index) => ({
      id: randomUUID(),
      title: `Concert ${index}: a night of chamber music and improvisation`,
      artist: 'The Example Ensemble',
      genre: 'classical',
      startsAt: '2027-03-01T19:30:00.000Z',
      status: 'scheduled',
      venue: { id: randomUUID(), name: 'Philharmonic Hall', city: 'Berlin' },
      availableSeats: 500 - index,
    })),
    nextCursor: null,
  }
  return JSON.stringify(page)
}

let body = pageOf(1)
for (let count = 2; body.length < TARGET_BYTES; count++) body = pageOf(count)
const headers = {
  'content-type': 'application/json; charset=utf-8',
  'content-length': Buffer.byteLength(body),
}

const server = createServer({ keepAliveTimeout: 60_000 }, (_request, response) => {
  response.writeHead(200, headers).end(body)
})
server.listen(Number(process.env.PORT), '127.0.0.1')
