import { appendFile, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { frameHeader } from './frame.ts'
import type { SegmentHandle } from './segment-file.ts'
import { SegmentLog } from './segment-log.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'segment-log-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

/** A disk on which writing or syncing fails when told so; a failing write may still leave a part behind. */
class FlakyDisk {
  failure: 'none' | 'write' | 'sync' | 'truncate' = 'none'

  readonly createFile = async (path: string): Promise<SegmentHandle> => {
    const handle = await open(path, 'wx')
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    return {
      writev: async (buffers, position) => {
        if (this.failure !== 'write' && this.failure !== 'truncate') return handle.writev(buffers, position)
        await handle.write(Buffer.concat([...buffers] as Uint8Array[]).subarray(0, 7), 0, 7, position)
        throw full
      },
      datasync: () => (this.failure === 'sync' ? Promise.reject(full) : handle.datasync()),
      truncate: (length) => (this.failure === 'truncate' ? Promise.reject(full) : handle.truncate(length)),
      close: () => handle.close(),
    }
  }
}

function openLog(disk = new FlakyDisk(), maxPendingBytes = 1 << 20): Promise<SegmentLog> {
  return SegmentLog.open({ directory, segmentBytes: 400, maxPendingBytes, createFile: disk.createFile })
}

async function replayAll(log: SegmentLog) {
  const found: string[] = []
  const locations = new Map<string, Parameters<SegmentLog['read']>[0]>()
  const report = await log.replay({
    onFrame: (location, payload) => {
      found.push(payload.toString())
      locations.set(payload.toString(), location)
    },
    wantsMore: () => true,
  })
  return { found: found.sort(), locations, report }
}

interface Model {
  /** Acknowledged payloads by the segment that they went to. */
  stored: Map<string, number>
}

interface Real {
  log: SegmentLog
  readonly disk: FlakyDisk
  sent: number
}

class Append implements fc.AsyncCommand<Model, Real> {
  readonly sizes: readonly number[]
  constructor(sizes: readonly number[]) {
    this.sizes = sizes
  }
  check = () => true
  async run(model: Model, real: Real): Promise<void> {
    const payloads = this.sizes.map((size) => `${real.sent++}-${'x'.repeat(size)}`)
    const results = await Promise.allSettled(payloads.map((text) => real.log.append(Buffer.from(text))))
    for (const [index, result] of results.entries()) {
      const text = payloads[index] ?? ''
      if (result.status === 'fulfilled') {
        model.stored.set(text, result.value.segment)
        expect((await real.log.read(result.value))?.toString()).toBe(text)
      } else {
        expect(result.reason).toMatchObject({ status: 503, retryAfterSeconds: 5 })
      }
    }
    expect(results.every(({ status }) => (status === 'fulfilled') === (real.disk.failure === 'none'))).toBe(
      true,
    )
  }
  toString = () => `append(${this.sizes.join()})`
}

class Fail implements fc.AsyncCommand<Model, Real> {
  readonly failure: FlakyDisk['failure']
  constructor(failure: FlakyDisk['failure']) {
    this.failure = failure
  }
  check = () => true
  async run(_: Model, real: Real): Promise<void> {
    real.disk.failure = this.failure
  }
  toString = () => `disk(${this.failure})`
}

class DropOldest implements fc.AsyncCommand<Model, Real> {
  check = () => true
  async run(model: Model, real: Real): Promise<void> {
    const oldest = real.log.segments()[0]
    if (oldest === undefined || real.log.isActive(oldest.id)) return
    await real.log.drop(oldest.id)
    for (const [text, segment] of model.stored) if (segment === oldest.id) model.stored.delete(text)
  }
  toString = () => 'drop'
}

class Roll implements fc.AsyncCommand<Model, Real> {
  check = () => true
  async run(_: Model, real: Real): Promise<void> {
    real.log.roll()
  }
  toString = () => 'roll'
}

/** The process is killed, perhaps in the middle of writing a frame, and a new one reads the same folder. */
class Kill implements fc.AsyncCommand<Model, Real> {
  readonly torn: number
  constructor(torn: number) {
    this.torn = torn
  }
  check = () => true
  async run(model: Model, real: Real): Promise<void> {
    const newest = real.log.segments().at(-1)
    const unfinished = Buffer.concat([frameHeader(Buffer.alloc(50, 1)), Buffer.alloc(50, 1)])
    if (newest !== undefined) await appendFile(newest.path, unfinished.subarray(0, this.torn))
    await real.log.close()
    real.log = await openLog(real.disk)
    const { found, report } = await replayAll(real.log)
    expect(found).toEqual([...model.stored.keys()].sort())
    expect(report.damagedBytes).toBe(0)
    expect(report.tornBytes).toBeGreaterThanOrEqual(newest === undefined ? 0 : this.torn)
    // What was torn has been cut off, so the next start finds nothing of it.
    const again = await openLog()
    expect((await replayAll(again)).report.tornBytes).toBe(0)
  }
  toString = () => `kill(${this.torn})`
}

test('after any appends, failures, drops and kills exactly what was acknowledged is there', {
  timeout: 60_000,
}, async () => {
  const commands = [
    fc.array(fc.nat(150), { minLength: 1, maxLength: 5 }).map((sizes) => new Append(sizes)),
    fc
      .constantFrom('none' as const, 'write' as const, 'sync' as const, 'truncate' as const)
      .map((f) => new Fail(f)),
    fc.constant(new DropOldest()),
    fc.constant(new Roll()),
    fc.nat(61).map((torn) => new Kill(torn)),
  ]
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 30, size: 'max' }), async (run) => {
      await rm(directory, { recursive: true, force: true })
      const disk = new FlakyDisk()
      const real: Real = { log: await openLog(disk), disk, sent: 0 }
      await fc.asyncModelRun(
        () => ({ model: { stored: new Map<string, number>() }, real }),
        [...run, new Kill(0)],
      )
      await real.log.close()
    }),
    { numRuns: 60 },
  )
})

test('appends that arrive together share one sync', async () => {
  let syncs = 0
  const log = await SegmentLog.open({
    directory,
    segmentBytes: 1 << 20,
    maxPendingBytes: 1 << 20,
    createFile: async (path) => {
      const handle = await open(path, 'wx')
      return {
        writev: (buffers, position) => handle.writev(buffers, position),
        truncate: (length) => handle.truncate(length),
        close: () => handle.close(),
        datasync: () => {
          syncs += 1
          return handle.datasync()
        },
      }
    },
  })
  await Promise.all(Array.from({ length: 100 }, (_, index) => log.append(Buffer.from(String(index)))))
  expect(syncs).toBe(1)
  await log.close()
  expect((await replayAll(await openLog())).found).toHaveLength(100)
})

test('more than may wait for the disk is refused', async () => {
  const log = await openLog(new FlakyDisk(), 100)
  const results = await Promise.allSettled([1, 2, 3].map(() => log.append(Buffer.alloc(60))))
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
  expect(results[1]).toMatchObject({ reason: { status: 429, retryAfterSeconds: 1 } })
  await expect(log.append(Buffer.alloc(60))).resolves.toBeDefined()
  await log.close()
})

test('a frame damaged in the middle of a file is reported and costs nothing but itself', async () => {
  const log = await openLog()
  for (const text of ['first', 'second', 'third']) await log.append(Buffer.from(text))
  const path = log.segments()[0]?.path ?? ''
  await log.close()
  const handle = await open(path, 'r+')
  await handle.write(Buffer.from('S'), 0, 1, 12 + 5 + 12)
  await handle.close()
  const { found, report } = await replayAll(await openLog())
  expect(found).toEqual(['first', 'third'])
  expect(report).toMatchObject({ damagedBytes: 18, tornBytes: 0, frames: 2 })
})

test('the oldest segments stay unread when no more are wanted', async () => {
  const log = await openLog()
  for (let index = 0; index < 4; index += 1) await log.append(Buffer.alloc(400, index))
  await log.close()
  const read: number[] = []
  const again = await openLog()
  const report = await again.replay({
    onFrame: (_, payload) => read.push(payload[0] ?? -1),
    wantsMore: () => read.length < 2,
  })
  expect(read).toEqual([3, 2])
  expect(report.unreadSegments).toBe(2)
  expect(again.segments()).toHaveLength(4)
})
