import type { Logger } from 'pino'
import type { ProfileOptions } from '../options.ts'
import type { ExportQueue } from '../otlp/export-queue.ts'
import { loadPprof, type Pprof, supportsSpanLabels } from './pprof.ts'
import {
  type CollectedProfile,
  encodeProfiles,
  ORIGIN_LABEL,
  type ProfileResource,
  type SampleOrigin,
  type ValueType,
} from './profile-encoding.ts'
import type { ProfileScope } from './scope.ts'

/** Frames of a heap sample. */
const HEAP_STACK_DEPTH = 64

/** `samples/count` by `cpu/nanoseconds`, period 1: what Pyroscope turns into `process_cpu:cpu:nanoseconds`. */
const CPU: ValueType = {
  index: 2,
  type: 'samples',
  unit: 'count',
  periodType: 'cpu',
  periodUnit: 'nanoseconds',
  period: 1,
}

function wallType(sampleRateHz: number): ValueType {
  const unit = { type: 'wall', unit: 'nanoseconds', periodType: 'wall', periodUnit: 'nanoseconds' }
  return { index: 1, ...unit, period: Math.round(1e9 / sampleRateHz) }
}

function heapTypes(period: number): ValueType[] {
  const per = { periodType: 'memory', periodUnit: 'bytes', period }
  return [
    { index: 0, type: 'inuse_objects', unit: 'count', ...per },
    { index: 1, type: 'inuse_space', unit: 'bytes', ...per },
  ]
}

/** Samples CPU, wall time and live heap, and exports them every few seconds. */
export class Profiler implements ProfileScope {
  readonly #pprof: typeof Pprof
  readonly #options: ProfileOptions
  readonly #queue: ExportQueue
  readonly #resource: ProfileResource
  readonly #timer: NodeJS.Timeout
  readonly #valueTypes: readonly ValueType[]
  /** Whether samples are linked to spans. */
  readonly hasSpanLabels: boolean
  #windowStartMs = Date.now()
  #isStopped = false

  /** @returns undefined, after a warning, where the native profiler does not load */
  static start(
    options: ProfileOptions,
    queue: ExportQueue,
    resource: ProfileResource,
    logger: Logger,
  ): Profiler | undefined {
    const pprof = loadPprof()
    if ('reason' in pprof) {
      logger.warn({ reason: pprof.reason }, 'profiles are off: the native profiler does not load')
      return undefined
    }
    return new Profiler(pprof, options, queue, resource)
  }

  private constructor(
    pprof: typeof Pprof,
    options: ProfileOptions,
    queue: ExportQueue,
    resource: ProfileResource,
  ) {
    this.#pprof = pprof
    this.#options = options
    this.#queue = queue
    this.#resource = resource
    this.hasSpanLabels = options.spanLabels && supportsSpanLabels()
    this.#valueTypes = [CPU, wallType(options.sampleRateHz)]
    pprof.time.start({
      durationMillis: options.flushIntervalMs,
      intervalMicros: Math.round(1e6 / options.sampleRateHz),
      // CPU time needs contexts, too; without useCPED they are process-wide and carry no request.
      withContexts: true,
      useCPED: this.hasSpanLabels,
      collectCpuTime: true,
      // The workaround makes the main thread sleep for up to four sampling periods a flush. Without it the
      // rare bug (a helper thread that spins, an empty profile) is seen and cured by the next flush.
      workaroundV8Bug: false,
    })
    if (options.heap) pprof.heap.start(options.heapSampleIntervalBytes, HEAP_STACK_DEPTH)
    this.#timer = setInterval(() => this.flush(true), options.flushIntervalMs).unref()
  }

  run<T>(origin: SampleOrigin, fn: () => T): T {
    return this.#isStopped ? fn() : this.#pprof.time.runWithContext(origin, fn)
  }

  /** Exports the window. @param restart goes on sampling */
  flush(restart: boolean): void {
    const startUnixMs = this.#windowStartMs
    this.#windowStartMs = Date.now()
    const durationMs = this.#windowStartMs - startUnixMs
    const time = { startUnixMs, durationMs }
    const collected: CollectedProfile[] = [{ ...this.#collectTime(restart), ...time }]
    if (this.#options.heap) {
      const profile = this.#pprof.heap.profile()
      collected.push({
        profile,
        valueTypes: heapTypes(this.#options.heapSampleIntervalBytes),
        origins: [],
        ...time,
      })
    }
    const { body, samples } = encodeProfiles(collected, this.#resource)
    if (samples > 0) this.#queue.push(body, samples)
  }

  #collectTime(restart: boolean): Pick<CollectedProfile, 'profile' | 'valueTypes' | 'origins'> {
    const origins: SampleOrigin[] = []
    const indices = new Map<object, number>()
    const profile = this.#pprof.time.stop(restart, ({ context }) => {
      const origin = context?.context as SampleOrigin | undefined
      if (!origin?.span) return {}
      let index = indices.get(origin)
      if (index === undefined) {
        index = origins.push(origin) - 1
        indices.set(origin, index)
      }
      return { [ORIGIN_LABEL]: index }
    })
    return { profile, valueTypes: this.#valueTypes, origins }
  }

  /** Exports the last window and stops sampling. */
  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    clearInterval(this.#timer)
    this.flush(false)
    if (this.#options.heap) this.#pprof.heap.stop()
  }
}
