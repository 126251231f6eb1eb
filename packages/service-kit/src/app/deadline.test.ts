import { serve } from '@faultline/test-support/telemetry'
import Koa from 'koa'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DEADLINE_HEADER, Deadline, DeadlineExceededError, deadline } from './deadline.ts'

describe('Deadline', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('counts down and never below zero', () => {
    const limit = Deadline.after(100)
    expect(limit.remainingMs()).toBe(100)
    vi.advanceTimersByTime(60)
    expect(limit.remainingMs()).toBe(40)
    vi.advanceTimersByTime(60)
    expect(limit.remainingMs()).toBe(0)
  })

  it('waits for what ends in time, and leaves no timer behind', async () => {
    await expect(Deadline.after(100).race(Promise.resolve('done'))).resolves.toBe('done')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('does not wait longer', async () => {
    const race = Deadline.after(100).race(new Promise(() => undefined))
    const outcome = expect(race).rejects.toThrow(DeadlineExceededError)
    await vi.advanceTimersByTimeAsync(100)
    await outcome
  })
})

describe('deadline middleware', () => {
  async function remaining(options: Parameters<typeof deadline>[0], header?: string): Promise<number> {
    const app = new Koa()
    app.use(deadline(options))
    app.use((ctx) => {
      ctx.body = { remainingMs: (ctx.state.deadline as Deadline).remainingMs() }
    })
    await using server = await serve(app)
    const answer = await fetch(server.url, {
      headers: header === undefined ? {} : { [DEADLINE_HEADER]: header },
    })
    return ((await answer.json()) as { remainingMs: number }).remainingMs
  }

  it('gives a request what its caller grants', async () => {
    const left = await remaining({ maxMs: 3_000 }, '700')
    expect(left).toBeLessThanOrEqual(700)
    expect(left).toBeGreaterThan(500)
  })

  it.each([undefined, '999999', 'soon', '-5', '1e3'])(
    'gives at most its own limit (header %s)',
    async (header) => {
      const left = await remaining({ maxMs: 2_000 }, header)
      expect(left).toBeLessThanOrEqual(2_000)
      expect(left).toBeGreaterThan(1_500)
    },
  )

  it('does not let strangers shorten it', async () => {
    expect(await remaining({ maxMs: 2_000, trustIncoming: false }, '1')).toBeGreaterThan(1_500)
  })
})
