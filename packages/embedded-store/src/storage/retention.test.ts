import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { applyRetention } from './retention.ts'
import { SegmentLog } from './segment-log.ts'

const HOUR_MS = 3_600_000
let directory: string
const logs: SegmentLog[] = []
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'retention-'))
})
afterEach(async () => {
  for (const log of logs.splice(0)) await log.close()
  await rm(directory, { recursive: true, force: true })
})

/** A log with three segments of 100 bytes of payload each, the last one active. */
async function filledLog(name: string): Promise<SegmentLog> {
  const log = await SegmentLog.open({
    directory: join(directory, name),
    segmentBytes: 100,
    maxPendingBytes: 1000,
  })
  logs.push(log)
  for (let index = 0; index < 3; index += 1) await log.append(Buffer.alloc(100))
  return log
}

const idsOf = (log: SegmentLog): number[] => log.segments().map(({ id }) => id)

test('drops nothing within the limits', async () => {
  const log = await filledLog('a')
  expect(await applyRetention([{ log }], { maxAgeMs: HOUR_MS, maxBytes: 1000 }, Date.now())).toEqual([])
  expect(idsOf(log)).toEqual([1, 2, 3])
})

test('drops the oldest segments of all logs until their sum fits', async () => {
  const older = await filledLog('older')
  const newer = await filledLog('newer')
  const dropped = await applyRetention(
    [{ log: newer }, { log: older }],
    { maxAgeMs: HOUR_MS, maxBytes: 350 },
    Date.now(),
  )
  expect(dropped.map(({ store, segment, reason }) => [store.log === older, segment, reason])).toEqual([
    [true, 1, 'size'],
    [true, 2, 'size'],
    [false, 1, 'size'],
  ])
  expect([idsOf(older), idsOf(newer)]).toEqual([[3], [2, 3]])
})

test('drops what is too old; the segment being written is closed first and goes in the next run', async () => {
  const log = await filledLog('a')
  const limits = { maxAgeMs: HOUR_MS, maxBytes: 1000 }
  const later = Date.now() + 2 * HOUR_MS
  const dropped = await applyRetention([{ log }], limits, later)
  expect(dropped.map(({ segment, reason }) => [segment, reason])).toEqual([
    [1, 'age'],
    [2, 'age'],
  ])
  await expect.poll(() => log.isActive(3)).toBe(false)
  await applyRetention([{ log }], limits, later)
  expect(idsOf(log)).toEqual([])
  await log.append(Buffer.from('still works'))
  expect(idsOf(log)).toEqual([4])
})
