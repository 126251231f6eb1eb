import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  Registry,
} from 'prom-client'

export type Signal = 'traces' | 'profiles'

const PREFIX = 'embedded_store_'

/** What the store tells about one signal at the moment of a scrape. */
const STATE = {
  segments: 'Segment files on the disk',
  segment_bytes: 'Bytes of the segment files',
  index_bytes: 'Estimated memory of the index',
  indexed_items: 'Spans or samples that queries can find',
  pending_bytes: 'Bytes waiting for the disk',
} as const
type SignalState = Readonly<Record<keyof typeof STATE, number>>

/** The store's own metrics, in OpenMetrics. */
export class StoreMetrics {
  readonly registry = new Registry<OpenMetricsContentType>()
  readonly #registers = [this.registry]
  readonly batches = new Counter({
    name: `${PREFIX}received_batches`,
    help: 'Export requests by what became of them',
    labelNames: ['signal', 'outcome'],
    registers: this.#registers,
  })
  readonly items = new Counter({
    name: `${PREFIX}stored_items`,
    help: 'Spans or profile samples acknowledged',
    labelNames: ['signal'],
    registers: this.#registers,
  })
  readonly bytes = new Counter({
    name: `${PREFIX}stored_bytes`,
    help: 'Bytes acknowledged, as they are on the disk',
    labelNames: ['signal'],
    registers: this.#registers,
  })
  readonly droppedSegments = new Counter({
    name: `${PREFIX}dropped_segments`,
    help: 'Segments dropped: from the disk by age or size, from the index by its memory bound',
    labelNames: ['signal', 'reason'],
    registers: this.#registers,
  })
  readonly lostBytes = new Counter({
    name: `${PREFIX}lost_bytes`,
    help: 'Bytes found at start that were no whole frame: a torn tail (never acknowledged) or damage',
    labelNames: ['signal', 'cause'],
    registers: this.#registers,
  })
  readonly queries = new Histogram({
    name: `${PREFIX}query_duration_seconds`,
    help: 'Time to answer a query',
    labelNames: ['api', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: this.#registers,
  })
  readonly #states = new Map<Signal, () => SignalState>()

  constructor() {
    this.registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
    collectDefaultMetrics({ register: this.registry })
    const states = this.#states
    for (const [name, help] of Object.entries(STATE)) {
      new Gauge({
        name: `${PREFIX}${name}`,
        help,
        labelNames: ['signal'],
        registers: this.#registers,
        collect() {
          for (const [signal, state] of states) this.set({ signal }, state()[name as keyof SignalState])
        },
      })
    }
  }

  /** Makes a signal's state part of every scrape. */
  observe(signal: Signal, state: () => SignalState): void {
    this.#states.set(signal, state)
  }
}
