import {
  availabilityPageSchema,
  type Concert,
  type ConcertPage,
  concertPageSchema,
  concertSchema,
  type Problem,
  problemSchema,
  type SeatPage,
  seatPageSchema,
  type VenuePage,
  venuePageSchema,
  venueSchema,
} from '@faultline/contracts'
import { fetchJson } from '@faultline/test-support/http'
import { Validator } from '@seriousme/openapi-schema-validator'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeConcert, makeSeats, makeVenue, SEATS_PER_CONCERT } from '../src/seed-rows.ts'
import { type CatalogDatabase, type Replica, startCatalogDatabase, startReplica } from './support/catalog.ts'

const SIZE = { venues: 12, concerts: 60 }
const concert = makeConcert(0, SIZE.venues)
const unknownId = '00000000-0000-4000-8000-000000000000'

let database: CatalogDatabase
let replica: Replica

beforeAll(async () => {
  database = await startCatalogDatabase(SIZE)
  replica = await startReplica(database.serviceUrl)
})
afterAll(async () => {
  await replica?.[Symbol.asyncDispose]()
  await database?.[Symbol.asyncDispose]()
})

const get = <Body>(path: string, headers: Record<string, string> = {}) =>
  fetchJson<Body>(`${replica.url}${path}`, { headers })

const post = (
  path: string,
  body: string,
  headers: Record<string, string> = { 'content-type': 'application/json' },
) => fetchJson<Problem>(`${replica.url}${path}`, { method: 'POST', body, headers })

/** All items of a list, page by page. */
async function walk<Item>(path: string): Promise<Item[]> {
  const items: Item[] = []
  let cursor: string | null = null
  do {
    const separator = path.includes('?') ? '&' : '?'
    const next: string = cursor === null ? path : `${path}${separator}cursor=${cursor}`
    const { status, body } = await get<{ items: Item[]; nextCursor: string | null }>(next)
    expect(status).toBe(200)
    items.push(...body.items)
    cursor = body.nextCursor
  } while (cursor !== null)
  return items
}

describe('every answer', () => {
  it.each([
    ['/concerts?limit=3', 200, concertPageSchema],
    [`/concerts/${concert.id}`, 200, concertSchema],
    [`/concerts/${concert.id}/seats?limit=3`, 200, seatPageSchema],
    ['/venues?limit=3', 200, venuePageSchema],
    [`/venues/${makeVenue(0).id}`, 200, venueSchema],
    ['/concerts?limit=0', 400, problemSchema],
    ['/concerts/none', 400, problemSchema],
    [`/concerts/${unknownId}`, 404, problemSchema],
    [`/concerts/${unknownId}/seats`, 404, problemSchema],
    [`/venues/${unknownId}`, 404, problemSchema],
    ['/nothing', 404, problemSchema],
  ])('keeps the contract: %s', async (path, status, schema) => {
    const answer = await get(path)
    expect(answer.status).toBe(status)
    expect(schema.safeParse(answer.body).error).toBeUndefined()
  })

  it('is described by a valid document', async () => {
    const { body } = await get<Record<string, unknown>>('/openapi.json')
    expect((await new Validator().validate(body)).valid).toBe(true)
  })
})

describe('GET /concerts', () => {
  it('lists every concert once, soonest first, over pages', async () => {
    const concerts = await walk<ConcertPage['items'][number]>('/concerts?limit=7')
    expect(concerts).toHaveLength(SIZE.concerts)
    expect(new Set(concerts.map(({ id }) => id)).size).toBe(SIZE.concerts)
    const starts = concerts.map(({ startsAt, id }) => `${startsAt} ${id}`)
    expect(starts).toEqual(starts.toSorted())
  })

  it('counts the free seats', async () => {
    const concerts = await walk<ConcertPage['items'][number]>('/concerts?limit=100')
    const free = [...makeSeats(concert.id)].filter(({ status }) => status === 'available').length
    expect(concerts.find(({ id }) => id === concert.id)?.availableSeats).toBe(free)
  })

  it('finds by words, city and free seats together, over pages', async () => {
    const all = await walk<ConcertPage['items'][number]>('/concerts?limit=100')
    const { genre, venue } = all[0] ?? { genre: '', venue: { city: '' } }
    const filter = `query=${genre.toUpperCase()}&city=${venue.city}&minAvailable=20`
    const found = await walk<ConcertPage['items'][number]>(`/concerts?${filter}&limit=1`)
    const expected = all.filter(
      (one) => one.genre === genre && one.venue.city === venue.city && one.availableSeats >= 20,
    )
    expect(expected.length).toBeGreaterThan(0)
    expect(found).toEqual(expected)
  })

  it('takes any text for a search without failing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 40 }), async (text) => {
        const { status } = await get(`/concerts?limit=1&query=${encodeURIComponent(text.toWellFormed())}`)
        expect([200, 400]).toContain(status)
      }),
      { numRuns: 100 },
    )
  })

  it.each([
    ['made up', 'abc', 'malformed'],
    ['of another list', '', 'another list than concerts'],
    ['of another search', '', 'with other filters'],
  ])('refuses a cursor %s and names the cause', async (kind, text, cause) => {
    let cursor: string | null = text
    if (kind === 'of another list') cursor = (await get<VenuePage>('/venues?limit=1')).body.nextCursor
    if (kind === 'of another search') {
      cursor = (await get<ConcertPage>('/concerts?limit=1&minAvailable=1')).body.nextCursor
    }
    const { status, body } = await get<Problem>(`/concerts?cursor=${cursor}`)
    expect(status).toBe(400)
    expect(body.type).toBe('urn:faultline:problem:invalid-cursor')
    expect(body.detail).toContain(cause)
  })
})

describe('GET /concerts/{concertId}/seats', () => {
  it('lists every seat once, by place, over pages', async () => {
    const seats = await walk<SeatPage['items'][number]>(`/concerts/${concert.id}/seats?limit=64`)
    expect(seats).toHaveLength(SEATS_PER_CONCERT)
    expect(new Set(seats.map(({ id }) => id)).size).toBe(SEATS_PER_CONCERT)
  })

  it("refuses another concert's cursor", async () => {
    const { body } = await get<SeatPage>(`/concerts/${concert.id}/seats?limit=1`)
    const other = makeConcert(1, SIZE.venues).id
    expect((await get(`/concerts/${other}/seats?cursor=${body.nextCursor}`)).status).toBe(400)
  })
})

describe('POST /availability-queries', () => {
  it('answers for the concerts that exist', async () => {
    const answer = await post(
      '/availability-queries',
      JSON.stringify({ concertIds: [unknownId, concert.id] }),
    )
    expect(answer.status).toBe(200)
    const { items } = availabilityPageSchema.parse(answer.body)
    expect(items).toEqual([
      { concertId: concert.id, total: SEATS_PER_CONCERT, available: expect.any(Number) },
    ])
  })

  it.each([
    ['malformed JSON', '{"concertIds":', 400, 'malformed-json'],
    ['no concert', '{"concertIds":[]}', 400, 'validation-failed'],
    [
      'too many concerts',
      JSON.stringify({ concertIds: Array(51).fill(unknownId) }),
      400,
      'validation-failed',
    ],
    ['a body over the limit', JSON.stringify({ concertIds: ['x'.repeat(70_000)] }), 413, 'body-too-large'],
  ])('refuses %s', async (_, body, status, type) => {
    const answer = await post('/availability-queries', body)
    expect(answer.status).toBe(status)
    expect(problemSchema.parse(answer.body).type).toBe(`urn:faultline:problem:${type}`)
    expect(await replica.telemetry.value('input_rejections_total', { reason: type })).toBeGreaterThan(0)
  })
})

describe('conditional requests', () => {
  it.each([`/concerts/${concert.id}`, `/venues/${makeVenue(0).id}`])(
    'spare the answer of %s',
    async (path) => {
      const first = await get(path)
      const etag = first.headers.get('etag') ?? ''
      expect(etag).toMatch(/^"[cv]\d/)
      const second = await get(path, { 'if-none-match': etag })
      expect(second.status).toBe(304)
      expect(second.body).toBeUndefined()
      expect((await get(path, { 'if-none-match': '"other"' })).status).toBe(200)
    },
  )
})

describe('PATCH /concerts/{concertId}', () => {
  const id = makeConcert(2, SIZE.venues).id

  const authorization = async (scope = 'concerts:write') =>
    `Bearer ${await replica.users.token(undefined, { scope })}`

  const patch = async (body: unknown, headers: Record<string, string>) =>
    fetchJson<Record<string, unknown>>(`${replica.url}/concerts/${id}`, {
      method: 'PATCH',
      body: JSON.stringify(body),
      headers: {
        'content-type': 'application/merge-patch+json',
        authorization: await authorization(),
        ...headers,
      },
    })

  it('wants a token with the scope for it', async () => {
    const any = { 'if-match': '*' }
    expect((await patch({ title: 'X' }, { ...any, authorization: '' })).status).toBe(401)
    const small = await authorization('orders:write')
    expect((await patch({ title: 'X' }, { ...any, authorization: small })).status).toBe(403)
  })

  it('changes the version at hand, once', async () => {
    const { headers } = await get(`/concerts/${id}`)
    const etag = headers.get('etag') ?? ''
    const changed = await patch(
      { title: 'New title', startsAt: '2027-05-01T18:00:00.123456+02:00' },
      { 'if-match': etag },
    )
    expect(changed.status).toBe(200)
    expect(changed.body).toMatchObject({ title: 'New title', startsAt: '2027-05-01T16:00:00.123Z' })
    expect(changed.headers.get('etag')).not.toBe(etag)

    const again = await patch({ title: 'Newer title' }, { 'if-match': etag })
    expect(again.status).toBe(412)
    expect(again.body.type).toBe('urn:faultline:problem:precondition-failed')
    expect((await get<Concert>(`/concerts/${id}`)).body.title).toBe('New title')
  })

  it('lets one of two changes at the same time win', async () => {
    const { headers } = await get(`/concerts/${id}`)
    const match = { 'if-match': headers.get('etag') ?? '' }
    const answers = await Promise.all(['A', 'B', 'C'].map((title) => patch({ title }, match)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412])
  })

  it('wants to know the version', async () => {
    expect((await patch({ title: 'X' }, {})).status).toBe(428)
    expect((await patch({ title: 'X' }, { 'if-match': 'W/"c1.v1"' })).status).toBe(412)
    expect((await patch({ title: 'X' }, { 'if-match': '*' })).status).toBe(200)
  })

  it.each([
    ['a field that may not change', { version: 9 }, 400],
    ['nothing', {}, 400],
    ['a title of control characters', { title: 'a\0b' }, 400],
  ])('refuses %s', async (_, body, status) => {
    expect((await patch(body, { 'if-match': '*' })).status).toBe(status)
  })

  it('does not know other concerts', async () => {
    const answer = await fetchJson(`${replica.url}/concerts/${unknownId}`, {
      method: 'PATCH',
      body: '{"title":"X"}',
      headers: {
        'content-type': 'application/json',
        'if-match': '*',
        authorization: await authorization(),
      },
    })
    expect(answer.status).toBe(404)
  })
})
