/** What both profilers' trees have in common: one node for each function on a path from the root. */
export interface ProfileNode<N> {
  readonly name?: string
  readonly scriptName: string
  readonly lineNumber?: number
  readonly children: readonly N[]
}

/** One sample of the time profiler. */
export interface TimeSample {
  /** The label that was active; undefined for none. */
  readonly context?: object
  /** Microseconds since the Unix epoch. */
  readonly timestamp: bigint
  /** Nanoseconds of CPU since the sample before. */
  readonly cpuTime?: number
}

export interface TimeNode extends ProfileNode<TimeNode> {
  readonly hitCount: number
  readonly contexts: readonly TimeSample[]
}

export interface TimeProfile {
  readonly topDownRoot: TimeNode
  /** Microseconds on V8's monotonic clock. */
  readonly startTime: number
  readonly endTime: number
  /** Nanoseconds of CPU outside the main thread. */
  readonly nonJSThreadsCpuTime?: number
}

interface TimeProfilerOptions {
  /** Milliseconds between two stops; sizes the sample buffer. */
  readonly durationMillis: number
  readonly intervalMicros: number
  readonly lineNumbers: boolean
  readonly withContexts: boolean
  readonly workaroundV8Bug: boolean
  readonly collectCpuTime: boolean
  readonly collectAsyncId: boolean
  /** Whether labels follow requests; else they are of the process. */
  readonly useCPED: boolean
  /** AsyncLocalStorage whose store is the holder of a label. */
  readonly CPEDKey: object | undefined
  readonly isMainThread: boolean
}

export interface TimeProfiler {
  start(): void
  /** Ends the window. @param restart goes on with the next one */
  stop(restart: boolean): TimeProfile
  dispose(): void
  /** Wraps a label so that the signal handler can read it. */
  createContextHolder(label: object): object
  /** Greater than 0 when V8's sampling thread may hang. */
  v8ProfilerStuckEventLoopDetected(): number
}

export interface HeapNode extends ProfileNode<HeapNode> {
  readonly allocations: readonly { readonly count: number; readonly sizeBytes: number }[]
}

/** The native part of @datadog/pprof. */
export interface NativeProfilers {
  readonly TimeProfiler: new (options: TimeProfilerOptions) => TimeProfiler
  readonly heap: {
    startSamplingHeapProfiler(intervalBytes: number, stackDepth: number): void
    stopSamplingHeapProfiler(): void
    getAllocationProfile(): HeapNode
  }
}

/**
 * Whether samples can know their request. That needs AsyncContextFrame under AsyncLocalStorage, the default
 * from Node 24; before, a label would leak from one request into the next.
 */
export function supportsLabels(version: string = process.versions.node): boolean {
  const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ')
  return Number.parseInt(version, 10) >= 24 && !flags.includes('--no-async-context-frame')
}
