import { describe, expect, it } from 'vitest'
import { pollUntil } from './poll.ts'

const options = () => ({
  intervalMs: 1,
  deadlineMs: Date.now() + 10_000,
  signal: new AbortController().signal,
})

describe('pollUntil', () => {
  it('asks until settled', async () => {
    let asked = 0
    await expect(
      pollUntil(
        async () => ++asked,
        (result) => result === 4,
        options(),
      ),
    ).resolves.toBe(4)
  })

  it('answers with the last result at the deadline', async () => {
    let asked = 0
    const deadlineMs = Date.now() + 30
    const last = await pollUntil(
      async () => ++asked,
      () => false,
      { ...options(), deadlineMs },
    )
    expect(last).toBe(asked)
    expect(asked).toBeGreaterThan(1)
  })

  it('ends with the signal', async () => {
    const stop = new AbortController()
    const polling = pollUntil(
      async () => 0,
      () => false,
      { ...options(), intervalMs: 5_000, signal: stop.signal },
    )
    stop.abort()
    await expect(polling).rejects.toThrow(/abort/)
  })
})
