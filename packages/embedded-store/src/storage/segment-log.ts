import { mkdir, open, unlink } from 'node:fs/promises'
import { overloaded, Refusal } from '../refusal.ts'
import { FRAME_HEADER_BYTES, frameHeader } from './frame.ts'
import {
  type FrameLocation,
  listSegmentIds,
  type ReplayOptions,
  type ReplayReport,
  replaySegments,
  type Segment,
  type SegmentHandle,
  segmentPath,
  syncDirectory,
  writeFully,
} from './segment-file.ts'

export interface SegmentLogOptions {
  readonly directory: string
  /** A segment that has reached this size is closed and the next one begun. */
  readonly segmentBytes: number
  /** Payload bytes that may wait for the disk before `append` refuses. */
  readonly maxPendingBytes: number
  /** Creates a segment file for writing; fails when it exists. */
  readonly createFile?: (path: string) => Promise<SegmentHandle>
  /** Told when a new segment has been begun: the moment to look at retention. */
  readonly onNewSegment?: () => void
}

interface Pending {
  readonly payload: Uint8Array
  readonly resolve: (location: FrameLocation) => void
  readonly reject: (error: Error) => void
}

interface Active extends Segment {
  readonly handle: SegmentHandle
}

/**
 * Append-only log in segment files. Whatever `append` has resolved for is on the disk (`fdatasync`) and is read back
 * by `replay` after a kill. Appends that arrive while a sync is under way share the next one.
 */
export class SegmentLog {
  readonly #options: SegmentLogOptions
  readonly #segments = new Map<number, Segment>()
  #active: Active | undefined
  #nextId = 1
  #queue: Pending[] = []
  #pendingBytes = 0
  #rollWanted = false
  #writing: Promise<void> | undefined
  #closed = false

  private constructor(options: SegmentLogOptions) {
    this.#options = options
  }

  /** Creates the directory if needed. Existing segments are kept for `replay`; new frames go to new files. */
  static async open(options: SegmentLogOptions): Promise<SegmentLog> {
    await mkdir(options.directory, { recursive: true })
    const log = new SegmentLog(options)
    const ids = await listSegmentIds(options.directory)
    log.#nextId = (ids.at(-1) ?? 0) + 1
    return log
  }

  /** Reads what earlier runs wrote, newest segment first. To be called once, before the first append. */
  async replay(options: ReplayOptions): Promise<ReplayReport> {
    const { report, segments } = await replaySegments(this.#options.directory, options)
    for (const segment of segments) this.#segments.set(segment.id, segment)
    return report
  }

  /**
   * Resolves once the payload is synced to the disk.
   *
   * @throws {Refusal} 429 when too much waits for the disk; 503 when the disk refused, and the payload is not stored
   */
  append(payload: Uint8Array): Promise<FrameLocation> {
    if (this.#closed) return Promise.reject(unavailable('the store is stopping'))
    if (this.#pendingBytes > 0 && this.#pendingBytes + payload.length > this.#options.maxPendingBytes) {
      return Promise.reject(overloaded(`${this.#pendingBytes} bytes are waiting for the disk`))
    }
    this.#pendingBytes += payload.length
    return new Promise((resolve, reject) => {
      this.#queue.push({ payload, resolve, reject })
      this.#writing ??= this.#drain()
    })
  }

  /** Payload of one frame; undefined when its segment has been dropped meanwhile. */
  async read(location: FrameLocation): Promise<Buffer | undefined> {
    await using handle = await open(segmentPath(this.#options.directory, location.segment)).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      },
    )
    if (handle === undefined) return undefined
    const payload = Buffer.allocUnsafe(location.length)
    const { bytesRead } = await handle.read(payload, 0, location.length, location.offset)
    if (bytesRead < location.length) {
      throw new Error(`segment ${location.segment} is shorter than its index says`)
    }
    return payload
  }

  /** Closes the active segment once the write under way is done; the next append begins a new one. */
  roll(): void {
    this.#rollWanted = true
    this.#writing ??= this.#drain()
  }

  /** All segments, oldest first. */
  segments(): readonly Readonly<Segment>[] {
    return [...this.#segments.values()].sort((a, b) => a.id - b.id)
  }

  /** True for the segment that is still being written. */
  isActive(id: number): boolean {
    return this.#active?.id === id
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** Removes a whole segment from the disk. The active one is left alone. */
  async drop(id: number): Promise<void> {
    const segment = this.#segments.get(id)
    if (segment === undefined || this.isActive(id)) return
    this.#segments.delete(id)
    await unlink(segment.path)
    await syncDirectory(this.#options.directory)
  }

  /** Refuses further appends, finishes those under way and closes the file. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#writing
    await this.#seal()
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0 || this.#rollWanted) {
      // Waits at least until all that is appended now is in the queue, so that it shares one sync.
      await this.#sealIfWanted()
      const group = this.#takeGroup()
      if (group.length === 0) continue
      try {
        await this.#commit(group)
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
        const failure = unavailable(`cannot write to ${this.#options.directory}: ${code}`, error)
        for (const pending of group) pending.reject(failure)
      }
      for (const { payload } of group) this.#pendingBytes -= payload.length
    }
    this.#writing = undefined
  }

  /** As many waiting payloads as fill one segment: the group that shares a sync. */
  #takeGroup(): Pending[] {
    let bytes = 0
    let count = 0
    for (const { payload } of this.#queue) {
      if (count > 0 && bytes + payload.length > this.#options.segmentBytes) break
      bytes += payload.length
      count += 1
    }
    return this.#queue.splice(0, count)
  }

  async #commit(group: readonly Pending[]): Promise<void> {
    const segment = await this.#segmentForWriting()
    let end = segment.bytes
    const frames = group.map(({ payload, resolve }) => {
      const location = { segment: segment.id, offset: end + FRAME_HEADER_BYTES, length: payload.length }
      end += FRAME_HEADER_BYTES + payload.length
      return { buffers: [frameHeader(payload), payload], acknowledge: () => resolve(location) }
    })
    const buffers = frames.flatMap((frame) => frame.buffers)
    try {
      await writeFully(segment.handle, buffers, segment.bytes)
      await segment.handle.datasync()
    } catch (error) {
      await this.#abandon(segment)
      throw error
    }
    segment.bytes = end
    segment.lastWriteMs = Date.now()
    for (const { acknowledge } of frames) acknowledge()
  }

  async #segmentForWriting(): Promise<Active> {
    if (this.#active !== undefined) return this.#active
    const id = this.#nextId
    const path = segmentPath(this.#options.directory, id)
    const handle = await (this.#options.createFile?.(path) ?? open(path, 'wx'))
    this.#nextId += 1
    await syncDirectory(this.#options.directory)
    const active: Active = { id, path, bytes: 0, lastWriteMs: Date.now(), handle }
    this.#active = active
    this.#segments.set(id, active)
    this.#options.onNewSegment?.()
    return active
  }

  /**
   * After a failed write or sync the state of the file's end is unknown (a failed fsync may have dropped dirty
   * pages), so it is cut back to what is known to be synced and never written again.
   */
  async #abandon(segment: Active): Promise<void> {
    this.#active = undefined
    await segment.handle.truncate(segment.bytes).catch(() => undefined)
    await segment.handle.close().catch(() => undefined)
    if (segment.bytes > 0) return
    this.#segments.delete(segment.id)
    await unlink(segment.path).catch(() => undefined)
  }

  async #sealIfWanted(): Promise<void> {
    const full = this.#active !== undefined && this.#active.bytes >= this.#options.segmentBytes
    if (full || this.#rollWanted) await this.#seal()
    this.#rollWanted = false
  }

  async #seal(): Promise<void> {
    const active = this.#active
    this.#active = undefined
    await active?.handle.close()
  }
}

/** The disk refused a write or a sync with `cause`, or the log is closed. */
function unavailable(message: string, cause?: unknown): Refusal {
  return new Refusal(503, message, { cause, retryAfterSeconds: 5 })
}
