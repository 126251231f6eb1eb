import { describe, expect, it, vi } from 'vitest'
import { ExportQueue } from './export-queue.ts'
import type { ExportObserver } from './observer.ts'
import type { OtlpTransport, SendResult } from './transport.ts'

const success: SendResult = { outcome: 'success', rejected: 0 }

function createQueue(
  send: () => Promise<SendResult>,
  limits: { maxItems?: number; maxRetryMs?: number } = {},
) {
  const observer = {
    onBatch: vi.fn<ExportObserver['onBatch']>(),
    onDrop: vi.fn<ExportObserver['onDrop']>(),
    onUnavailable: vi.fn<ExportObserver['onUnavailable']>(),
    onAvailable: vi.fn<ExportObserver['onAvailable']>(),
  }
  const transport = { url: 'http://collector/v1/traces', send, close: vi.fn() } as unknown as OtlpTransport
  const queue = new ExportQueue(
    transport,
    { signal: 'traces', maxItems: limits.maxItems ?? 10, maxRetryMs: limits.maxRetryMs ?? 60_000 },
    observer,
  )
  return { queue, observer }
}

const body = new Uint8Array(10)

describe('export queue', () => {
  it('sends one after the other', async () => {
    let inFlight = 0
    let most = 0
    const { queue, observer } = createQueue(async () => {
      inFlight += 1
      most = Math.max(most, inFlight)
      await new Promise((resolve) => setImmediate(resolve))
      inFlight -= 1
      return success
    })
    for (let index = 0; index < 5; index += 1) queue.push(body, 2)
    await queue.idle()
    expect(most).toBe(1)
    expect(observer.onBatch).toHaveBeenCalledTimes(5)
    expect(queue.waitingItems).toBe(0)
  })

  it('waits for what is there when it is asked, not for what comes later', async () => {
    const sent: PromiseWithResolvers<SendResult>[] = []
    const { queue } = createQueue(() => {
      const answer = Promise.withResolvers<SendResult>()
      sent.push(answer)
      return answer.promise
    })
    queue.push(body, 1)
    const idle = queue.idle()
    queue.push(body, 1)
    sent[0]?.resolve(success)
    await idle
    expect(queue.waitingItems).toBe(1)
    sent[1]?.resolve(success)
    await queue.idle()
    expect(queue.waitingItems).toBe(0)
  })

  it('keeps a pause of its own where the collector asks for none, and believes no nonsense', async () => {
    const answers: SendResult[] = [
      { outcome: 'retryable', detail: 'HTTP 429', retryAfterMs: 0 },
      { outcome: 'success', rejected: 1e19 },
    ]
    const { queue, observer } = createQueue(async () => answers.shift() ?? success)
    const startMs = performance.now()
    queue.push(body, 2)
    await queue.idle()
    expect(performance.now() - startMs).toBeGreaterThan(200)
    expect(observer.onDrop.mock.calls).toEqual([['traces', 'rejected', 2]])
  })

  it('drops and counts what does not fit, and never more', async () => {
    const { promise, resolve } = Promise.withResolvers<SendResult>()
    const { queue, observer } = createQueue(() => promise)
    queue.push(body, 6)
    queue.push(body, 5)
    queue.push(body, 4)
    expect(observer.onDrop.mock.calls).toEqual([['traces', 'queue_full', 5]])
    resolve(success)
    await queue.idle()
    expect(observer.onBatch).toHaveBeenCalledTimes(2)
  })

  it('tries again after what the collector asks for, and tells once it works', async () => {
    const answers: SendResult[] = [{ outcome: 'retryable', detail: 'HTTP 429', retryAfterMs: 5 }, success]
    const { queue, observer } = createQueue(async () => answers.shift() ?? success)
    queue.push(body, 1)
    await queue.idle()
    expect(observer.onBatch.mock.calls).toEqual([
      ['traces', 'retry'],
      ['traces', 'success'],
    ])
    expect(observer.onUnavailable).toHaveBeenCalledExactlyOnceWith('http://collector/v1/traces', 'HTTP 429')
    expect(observer.onAvailable).toHaveBeenCalledOnce()
    expect(observer.onDrop).not.toHaveBeenCalled()
  })

  it('gives up after the time for retries', async () => {
    const { queue, observer } = createQueue(async () => ({ outcome: 'retryable', detail: 'ECONNREFUSED' }), {
      maxRetryMs: 0,
    })
    queue.push(body, 3)
    await queue.idle()
    expect(observer.onDrop.mock.calls).toEqual([['traces', 'retries_exhausted', 3]])
  })

  it('does not try again what is refused', async () => {
    const send = vi.fn(async (): Promise<SendResult> => ({ outcome: 'refused', detail: 'HTTP 400' }))
    const { queue, observer } = createQueue(send)
    queue.push(body, 3)
    await queue.idle()
    expect(send).toHaveBeenCalledOnce()
    expect(observer.onDrop.mock.calls).toEqual([['traces', 'refused', 3]])
  })

  it('counts what a partial success left out', async () => {
    const { queue, observer } = createQueue(async () => ({ outcome: 'success', rejected: 2 }))
    queue.push(body, 3)
    await queue.idle()
    expect(observer.onDrop.mock.calls).toEqual([['traces', 'rejected', 2]])
  })

  it('lets go of a wait when it is closed, and takes nothing after it', async () => {
    const { queue, observer } = createQueue(async () => ({
      outcome: 'retryable',
      detail: 'x',
      retryAfterMs: 50_000,
    }))
    queue.push(body, 3)
    await vi.waitUntil(() => observer.onBatch.mock.calls.length === 1)
    await queue.close(1_000)
    queue.push(body, 1)
    expect(observer.onDrop.mock.calls).toEqual([
      ['traces', 'shutdown', 3],
      ['traces', 'shutdown', 1],
    ])
  })
})
