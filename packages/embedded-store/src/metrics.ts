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

/** What a scrape shows of one signal. */
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
  readonly batches = this.#counter('received_batches', 'Export requests by what became of them', 'outcome')
  readonly items = this.#counter('stored_items', 'Spans or profile samples acknowledged')
  readonly bytes = this.#counter('stored_bytes', 'Bytes acknowledged, as they are on the disk')
  readonly droppedSegments = this.#counter(
    'dropped_segments',
    'Segments dropped: from the disk by age or size, from the index by its memory bound',
    'reason',
  )
  readonly lostBytes = this.#counter(
    'lost_bytes',
    'Bytes found at start that were no whole frame: a torn tail (never acknowledged) or damage',
    'cause',
  )
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

  #counter<Label extends string = never>(name: string, help: string, ...labels: Label[]) {
    const labelNames = ['signal' as const, ...labels]
    return new Counter({ name: `${PREFIX}${name}`, help, labelNames, registers: this.#registers })
  }
}
