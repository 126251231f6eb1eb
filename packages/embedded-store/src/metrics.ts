import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  Registry,
} from 'prom-client'

export type Signal = 'traces' | 'profiles'

/** What the store tells about one signal at the moment of a scrape. */
export interface SignalState {
  readonly segments: number
  readonly segmentBytes: number
  readonly indexBytes: number
  /** Spans or samples that queries can find. */
  readonly indexedItems: number
  readonly pendingBytes: number
}

/** The store's own metrics, in OpenMetrics. */
export class StoreMetrics {
  readonly registry = new Registry<OpenMetricsContentType>()
  readonly batches: Counter<'signal' | 'outcome'>
  readonly items: Counter<'signal'>
  readonly bytes: Counter<'signal'>
  readonly droppedSegments: Counter<'signal' | 'reason'>
  readonly lostBytes: Counter<'signal' | 'cause'>
  readonly queries: Histogram<'api' | 'route' | 'status'>
  readonly #states = new Map<Signal, () => SignalState>()

  constructor() {
    this.registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
    const registers = [this.registry]
    collectDefaultMetrics({ register: this.registry })
    this.batches = new Counter({
      name: 'embedded_store_received_batches',
      help: 'Export requests by what became of them',
      labelNames: ['signal', 'outcome'],
      registers,
    })
    this.items = new Counter({
      name: 'embedded_store_stored_items',
      help: 'Spans or profile samples acknowledged',
      labelNames: ['signal'],
      registers,
    })
    this.bytes = new Counter({
      name: 'embedded_store_stored_bytes',
      help: 'Bytes acknowledged, as they are on the disk',
      labelNames: ['signal'],
      registers,
    })
    this.droppedSegments = new Counter({
      name: 'embedded_store_dropped_segments',
      help: 'Segments dropped: from the disk by age or size, from the index by its memory bound',
      labelNames: ['signal', 'reason'],
      registers,
    })
    this.lostBytes = new Counter({
      name: 'embedded_store_lost_bytes',
      help: 'Bytes found at start that were no whole frame: a torn tail (never acknowledged) or damage',
      labelNames: ['signal', 'cause'],
      registers,
    })
    this.queries = new Histogram({
      name: 'embedded_store_query_duration_seconds',
      help: 'Time to answer a query',
      labelNames: ['api', 'route', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    })
    this.#gauge('segments', 'Segment files on the disk', (state) => state.segments)
    this.#gauge('segment_bytes', 'Bytes of the segment files', (state) => state.segmentBytes)
    this.#gauge('index_bytes', 'Estimated memory of the index', (state) => state.indexBytes)
    this.#gauge('indexed_items', 'Spans or samples that queries can find', (state) => state.indexedItems)
    this.#gauge('pending_bytes', 'Bytes waiting for the disk', (state) => state.pendingBytes)
  }

  /** Makes a signal's state part of every scrape. */
  observe(signal: Signal, state: () => SignalState): void {
    this.#states.set(signal, state)
  }

  #gauge(name: string, help: string, read: (state: SignalState) => number): void {
    const states = this.#states
    new Gauge({
      name: `embedded_store_${name}`,
      help,
      labelNames: ['signal'],
      registers: [this.registry],
      collect() {
        for (const [signal, state] of states) this.set({ signal }, read(state()))
      },
    })
  }
}
