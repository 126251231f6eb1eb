import { testTelemetry } from '@faultline/test-support/telemetry'
import { expect, it, vi } from 'vitest'
import { createWorker } from './worker.ts'

const FAR = 3_600_000

it('goes on at once while there is more to do, and after a pause or a wake-up otherwise', async () => {
  const round = vi.fn(async () => round.mock.calls.length < 3)
  const telemetry = testTelemetry()
  const worker = createWorker({ name: 'relay', intervalMs: FAR, round, ...telemetry })
  worker.start()
  worker.start()
  await vi.waitFor(() => expect(round).toHaveBeenCalledTimes(3))
  worker.wake()
  await vi.waitFor(() => expect(round).toHaveBeenCalledTimes(4))
  await worker.stop()
  worker.wake()
  expect(round).toHaveBeenCalledTimes(4)
})

it('bears with rounds that fail, counts them and complains once', async () => {
  let broken = true
  const telemetry = testTelemetry()
  const worker = createWorker({
    name: 'relay',
    intervalMs: 1,
    round: async () => {
      if (broken) throw new Error('database is away')
      return false
    },
    ...telemetry,
  })
  const runs = (outcome: string) => telemetry.value('background_runs_total', { worker: 'relay', outcome })
  worker.start()
  await vi.waitFor(async () => expect(await runs('failure')).toBeGreaterThan(2))
  broken = false
  await vi.waitFor(async () => expect(await runs('success')).toBeGreaterThan(2))
  await worker.stop()
  expect(telemetry.lines.map(({ msg }) => msg)).toEqual([
    'background work failed; trying again',
    'background work goes on',
  ])
})
