import { describe, expect, it } from 'vitest'
import { type Context, followedTraceIds } from './context.ts'

const context = (...orders: (string | undefined)[]) =>
  ({ requester: { orders: orders.map((traceId) => ({ traceId })) } }) as unknown as Context

describe('followedTraceIds', () => {
  it('are some of the requests, and every order that has a trace', () => {
    const many = Array.from({ length: 100 }, (_, index) => `t${index}`)
    const followed = followedTraceIds(context('t50', undefined, 'order'), many, 10)
    expect(followed).toHaveLength(new Set(followed).size)
    expect(followed.slice(-2)).toEqual(['t50', 'order'])
    expect(followed.length).toBeLessThanOrEqual(12)
    expect(followed.length).toBeGreaterThanOrEqual(11)
  })
})
