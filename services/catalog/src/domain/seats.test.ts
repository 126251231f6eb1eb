import { Deadline } from '@faultline/service-kit'
import { testTelemetry } from '@faultline/test-support/telemetry'
import { describe, expect, it } from 'vitest'
import { createCacheMetrics } from '../cache/process-cache.ts'
import type { SeatRepository } from '../repositories/seats.ts'
import { NotFoundError } from './concerts.ts'
import { createSeats } from './seats.ts'

const ids: string[] = Array.from({ length: 5 }, () => crypto.randomUUID())
const [known = '', other = ''] = ids

function setUp() {
  const statements: (readonly string[])[] = []
  const repository: SeatRepository = {
    list: async () => [],
    async countAvailable(concertIds) {
      statements.push([...concertIds].sort())
      return concertIds
        .filter((id) => ids.includes(id))
        .map((concertId) => ({ concertId, total: 500, available: 7 }))
    },
  }
  const seats = createSeats({
    repository,
    concerts: { get: (id) => Promise.reject(new NotFoundError('concert', id)) },
    metrics: createCacheMetrics(testTelemetry().register),
  })
  return { seats, statements }
}

const soon = () => Deadline.after(1_000)

describe('availability', () => {
  it('asks for all concerts of all queries of the moment in one statement', async () => {
    const { seats, statements } = setUp()
    await Promise.all([seats.availability(ids.slice(0, 3), soon()), seats.availability(ids.slice(2), soon())])
    expect(statements).toEqual([[...ids].sort()])
  })

  it('answers in the order asked for, each concert once, without those that do not exist', async () => {
    const { seats } = setUp()
    const unknown = crypto.randomUUID()
    const { items } = await seats.availability([other, unknown, known, other.toUpperCase()], soon())
    expect(items.map(({ concertId }) => concertId)).toEqual([other, known])
  })

  it('answers a second query from the cache', async () => {
    const { seats, statements } = setUp()
    await seats.availability([known], soon())
    await seats.availability([known], soon())
    expect(statements).toHaveLength(1)
  })
})

describe('list', () => {
  it('knows no seats of a concert that does not exist', async () => {
    await expect(setUp().seats.list(known, { limit: 5 }, soon())).rejects.toThrow(NotFoundError)
  })
})
