import { AsyncLocalStorage } from 'node:async_hooks'
import { isMainThread } from 'node:worker_threads'
import type { ExportQueue } from '../otlp/export-queue.ts'
import type { OutageLogger } from '../otlp/observer.ts'
import { unixMs } from '../spans.ts'
import { Dictionary } from './dictionary.ts'
import type { ProfileOptions } from './index.ts'
import { type LabelSlot, LabelSlots } from './label-slots.ts'
import loadNative from './load-native.cjs'
import { type NativeProfilers, supportsLabels, type TimeProfiler } from './native.ts'
import type { SampleLabels, SampleOrigin } from './plugin.ts'
import {
  type CollectedProfile,
  encodeProfiles,
  type ProfileResource,
  type ValueType,
} from './profile-encoding.ts'
import { heapSamples, timeSamples } from './samples.ts'

/** Frames of a heap sample. */
const HEAP_STACK_DEPTH = 64

/** `samples/count` by `cpu/nanoseconds`, period 1: what Pyroscope turns into `process_cpu:cpu:nanoseconds`. */
const CPU: ValueType = {
  index: 0,
  type: 'samples',
  unit: 'count',
  periodType: 'cpu',
  periodUnit: 'nanoseconds',
  period: 1,
}

function wallType(period: number): ValueType {
  return {
    index: 1,
    type: 'wall',
    unit: 'nanoseconds',
    periodType: 'wall',
    periodUnit: 'nanoseconds',
    period,
  }
}

function heapTypes(period: number): ValueType[] {
  const per = { periodType: 'memory', periodUnit: 'bytes', period }
  return [
    { index: 0, type: 'inuse_objects', unit: 'count', ...per },
    { index: 1, type: 'inuse_space', unit: 'bytes', ...per },
  ]
}

/** Samples CPU, wall time and live heap, and exports them every few seconds. */
export class Profiler implements SampleLabels {
  /** Whether samples are linked to requests. */
  readonly hasLabels: boolean
  readonly #native: NativeProfilers
  readonly #options: ProfileOptions
  readonly #queue: ExportQueue
  readonly #resource: ProfileResource
  readonly #storage = new AsyncLocalStorage<object>()
  readonly #time: TimeProfiler
  readonly #slots: LabelSlots
  readonly #intervalNanos: number
  readonly #timer: NodeJS.Timeout
  readonly #onExit = (): void => this.#stopSampling(true)
  #windowStartMs = Date.now()
  #isStopped = false

  /** @returns undefined, after a warning, where the native profiler does not load or start */
  static start(
    options: ProfileOptions,
    queue: ExportQueue,
    resource: ProfileResource,
    logger: OutageLogger,
  ): Profiler | undefined {
    let native: NativeProfilers
    try {
      // Not before profiles are on: there may be no build for this platform.
      native = loadNative()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      logger.warn({ reason }, 'profiles are off: the native profiler does not load')
      return undefined
    }
    try {
      return new Profiler(native, options, queue, resource)
    } catch (error) {
      logger.warn({ err: error }, 'profiles are off: another profiler runs in this process')
      return undefined
    }
  }

  private constructor(
    native: NativeProfilers,
    options: ProfileOptions,
    queue: ExportQueue,
    resource: ProfileResource,
  ) {
    this.#native = native
    this.#options = options
    this.#queue = queue
    this.#resource = resource
    this.hasLabels = options.spanLabels && supportsLabels()
    this.#intervalNanos = Math.round(1e9 / options.sampleRateHz)
    const time = new native.TimeProfiler({
      durationMillis: options.flushIntervalMs,
      intervalMicros: Math.round(this.#intervalNanos / 1e3),
      lineNumbers: false,
      // CPU time comes with contexts.
      withContexts: true,
      collectCpuTime: true,
      collectAsyncId: false,
      // The workaround makes the main thread sleep for up to four sampling intervals a flush. Without it, the
      // rare bug (V8's sampling thread spins, the window is empty) is seen and cured by the next flush.
      workaroundV8Bug: false,
      useCPED: this.hasLabels,
      CPEDKey: this.hasLabels ? this.#storage : undefined,
      isMainThread,
    })
    time.start()
    this.#time = time
    this.#slots = new LabelSlots((label) => time.createContextHolder(label))
    if (options.heap) {
      native.heap.startSamplingHeapProfiler(options.heapSampleIntervalBytes, HEAP_STACK_DEPTH)
    }
    // A sampling signal during the end of the process could crash it.
    process.once('exit', this.#onExit)
    this.#timer = setInterval(() => this.flush(true), options.flushIntervalMs).unref()
  }

  /** Lends a label for `origin`; undefined when too many are lent. Give it back with `release`. */
  label(origin: SampleOrigin): LabelSlot | undefined {
    return this.#isStopped ? undefined : this.#slots.lend(origin, unixMs())
  }

  /** Runs code so that samples taken in it, also after an await, carry the label. */
  run<T>(label: LabelSlot, fn: () => T): T {
    return this.#storage.run(label.holder, fn)
  }

  release(label: LabelSlot): void {
    this.#slots.takeBack(label)
  }

  /** Exports the window. @param restart goes on sampling */
  flush(restart: boolean): void {
    const startUnixMs = this.#windowStartMs
    this.#windowStartMs = Date.now()
    const window = { startUnixMs, durationMs: this.#windowStartMs - startUnixMs }
    const dictionary = new Dictionary()
    const collected = [this.#collectTime(restart, dictionary), ...this.#collectHeap(dictionary)]
    const { body, samples } = encodeProfiles(collected, window, dictionary, this.#resource)
    if (samples > 0) this.#queue.push(body, samples)
  }

  /** Exports the last window and stops. */
  stop(): void {
    if (this.#isStopped) return
    clearInterval(this.#timer)
    process.off('exit', this.#onExit)
    this.flush(false)
    this.#stopSampling(false)
  }

  #collectTime(restart: boolean, dictionary: Dictionary): CollectedProfile {
    const profile = this.#time.stop(restart)
    if (restart && this.#time.v8ProfilerStuckEventLoopDetected() > 0) {
      this.#time.stop(false)
      this.#time.start()
    }
    const samples = timeSamples(profile, this.#intervalNanos, dictionary)
    this.#slots.startWindow()
    return { samples, valueTypes: [CPU, wallType(this.#intervalNanos)] }
  }

  #collectHeap(dictionary: Dictionary): CollectedProfile[] {
    const { heap, heapSampleIntervalBytes } = this.#options
    if (!heap) return []
    const root = this.#native.heap.getAllocationProfile()
    const samples = heapSamples(root, process.memoryUsage().external, dictionary)
    return [{ samples, valueTypes: heapTypes(heapSampleIntervalBytes) }]
  }

  #stopSampling(isRunning: boolean): void {
    this.#isStopped = true
    if (isRunning) this.#time.stop(false)
    this.#time.dispose()
    if (this.#options.heap) this.#native.heap.stopSamplingHeapProfiler()
  }
}
