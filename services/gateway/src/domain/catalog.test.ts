import { Deadline, DependencyError, type HttpAnswer } from '@faultline/service-kit'
import { describe, expect, it } from 'vitest'
import type { CallContext, CatalogRepository } from '../repositories/catalog.ts'
import { createCatalog } from './catalog.ts'

const context: CallContext = { requestId: 'r', deadline: Deadline.after(1_000) }

const venue = { id: crypto.randomUUID(), name: 'Hall', city: 'Berlin', country: 'DE', capacity: 500 }

function catalogAnswering(answer: Partial<HttpAnswer>) {
  const paths: string[] = []
  const repository: CatalogRepository = {
    async get(path) {
      paths.push(path)
      return { status: 200, headers: {}, body: '', ...answer }
    },
    query: (path) => repository.get(path, context),
  }
  return { catalog: createCatalog(repository), paths }
}

describe('createCatalog', () => {
  it('passes on what keeps the contract, as it came', async () => {
    const body = JSON.stringify({ ...venue, addedLater: true })
    const { catalog } = catalogAnswering({ body, headers: { etag: '"v1"' } })
    expect(await catalog.getVenue(venue.id, context, '')).toEqual({
      kind: 'found',
      status: 200,
      json: body,
      headers: { etag: '"v1"' },
    })
  })

  it('passes on that nothing has changed', async () => {
    const { catalog } = catalogAnswering({ status: 304, headers: { etag: '"v1"' } })
    expect(await catalog.getVenue(venue.id, context, '"v1"')).toEqual({
      kind: 'not-modified',
      headers: { etag: '"v1"' },
    })
  })

  it.each([
    ['no JSON', { body: '<html>' }],
    ['JSON of another shape', { body: JSON.stringify({ ...venue, capacity: 'many' }) }],
    ['a refusal that is no problem', { status: 404, body: '{}' }],
    ['an unforeseen success', { status: 204, body: '' }],
  ])('does not pass on %s', async (_, answer) => {
    const { catalog } = catalogAnswering(answer)
    const error = await catalog.getVenue(venue.id, context, '').catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(DependencyError)
    expect(error).toMatchObject({ dependency: 'catalog', failure: 'invalid_answer' })
  })

  it('sends the query string on only when there is one', async () => {
    const { catalog, paths } = catalogAnswering({ body: '{"items":[],"nextCursor":null}' })
    await catalog.searchConcerts('', context)
    await catalog.searchConcerts('city=Berlin&limit=2', context)
    expect(paths).toEqual(['/concerts', '/concerts?city=Berlin&limit=2'])
  })
})
