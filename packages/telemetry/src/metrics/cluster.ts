import cluster, { type Worker } from 'node:cluster'
import { diag } from '@opentelemetry/api'
import { AggregatorRegistry, type OpenMetricsContentType, Registry } from 'prom-client'

/** Milliseconds that a worker has for an answer; after that its last one stands. */
const ANSWER_TIMEOUT_MS = 1_000
const REQUEST = 'faultline.metrics.request'
const ANSWER = 'faultline.metrics.answer'
/** What goes on counting, and so must not be forgotten with the worker that counted it. */
const CUMULATIVE = ['counter', 'histogram']

interface Value {
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
  exemplar?: { readonly timestamp: number } | null
}

/** A metric as `getMetricsAsJSON()` of prom-client's registry gives it. */
interface Snapshot {
  readonly name: string
  readonly type: string
  readonly aggregator?: string
  readonly values: readonly Value[]
}

interface Message {
  readonly type: string
  /** Undefined for what a worker sends unasked, at its end. */
  readonly id?: number
  /** Undefined when they could not be collected. */
  readonly metrics?: readonly Snapshot[]
}

/**
 * Metrics of all workers of a `node:cluster`, for its primary to serve: `createMetricsHandler(new ClusterRegistry())`.
 *
 * Other than prom-client's `AggregatorRegistry` it keeps exemplars, and what workers had counted that have ended: a
 * sum that goes back would look to Prometheus as if everything had been counted again.
 */
export class ClusterRegistry extends Registry<OpenMetricsContentType> {
  readonly #last = new Map<number, readonly Snapshot[]>()
  readonly #pending = new Map<number, { readonly missing: Set<number>; readonly done: () => void }>()
  #ended: readonly Snapshot[] = []
  #requests = 0

  constructor() {
    super()
    this.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
    cluster.on('message', (worker: Worker, message: Message) => this.#hear(worker, message))
    // Comes after the last message, which `exit` need not.
    cluster.on('disconnect', (worker: Worker) => this.#retire(worker))
  }

  /** The metrics of the workers, added up, and those that are registered here. */
  override async metrics(): Promise<string> {
    await this.#ask()
    const own = (await this.getMetricsAsJSON()) as unknown as readonly Snapshot[]
    return merge([own, this.#ended, ...this.#last.values()]).metrics()
  }

  async #ask(): Promise<void> {
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
    const asked = workers.filter((worker) => worker.isConnected())
    if (asked.length === 0) return
    const id = this.#requests++
    const { promise, resolve: done } = Promise.withResolvers<void>()
    this.#pending.set(id, { missing: new Set(asked.map((worker) => worker.id)), done })
    // One that ends meanwhile is known by its `disconnect`.
    for (const worker of asked) worker.send({ type: REQUEST, id } satisfies Message, () => {})
    const timer = setTimeout(done, ANSWER_TIMEOUT_MS)
    await promise
    clearTimeout(timer)
    this.#pending.delete(id)
  }

  #hear(worker: Worker, message: Message): void {
    if (message?.type !== ANSWER) return
    if (message.metrics) this.#last.set(worker.id, message.metrics)
    if (message.id !== undefined) this.#settle(worker, message.id)
  }

  #retire(worker: Worker): void {
    const last = this.#last.get(worker.id) ?? []
    this.#last.delete(worker.id)
    const counted = last.filter(({ type }) => CUMULATIVE.includes(type))
    this.#ended = snapshotsOf(merge([this.#ended, counted]))
    for (const id of this.#pending.keys()) this.#settle(worker, id)
  }

  #settle(worker: Worker, id: number): void {
    const pending = this.#pending.get(id)
    pending?.missing.delete(worker.id)
    if (pending?.missing.size === 0) pending.done()
  }
}

/**
 * Answers the {@link ClusterRegistry} of the primary, in a worker of `node:cluster`.
 * @returns sends the counts for the last time, for before the worker ends
 */
export function answerPrimary(register: Registry<OpenMetricsContentType>): () => Promise<void> {
  // Another primary, such as pm2's, is sent nothing.
  let isAsked = false
  const answer = async (id?: number): Promise<void> => {
    const metrics = await register.getMetricsAsJSON().catch((error: unknown) => {
      diag.error('metrics could not be collected', error)
      return undefined
    })
    const message = { type: ANSWER, ...(id !== undefined && { id }), ...(metrics && { metrics }) }
    await new Promise<void>((sent) => {
      if (process.connected) process.send?.(message, undefined, undefined, () => sent())
      else sent()
    })
  }
  const listen = (message: Message): void => {
    if (message?.type !== REQUEST) return
    isAsked = true
    void answer(message.id)
  }
  process.on('message', listen)
  return async () => {
    process.off('message', listen)
    if (isAsked) await answer()
  }
}

/** Numbers as prom-client adds them up, by each metric's `aggregator`; of exemplars the newest. */
function merge(all: readonly (readonly Snapshot[])[]): Registry<OpenMetricsContentType> {
  const snapshots = all.map((metrics) => metrics.map(named))
  const merged = AggregatorRegistry.aggregate<OpenMetricsContentType>(snapshots)
  merged.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  const newest = new Map<string, NonNullable<Value['exemplar']>>()
  for (const { name, values } of snapshots.flat()) {
    for (const value of values) {
      const key = keyOf(name, value)
      const { exemplar } = value
      if (exemplar && exemplar.timestamp >= (newest.get(key)?.timestamp ?? 0)) newest.set(key, exemplar)
    }
  }
  for (const { name, values } of snapshotsOf(merged)) {
    for (const value of values) value.exemplar = newest.get(keyOf(name, value)) ?? null
  }
  return merged
}

/** A worker that was scraped by itself names its counters for OpenMetrics, without `_total`. */
function named(metric: Snapshot): Snapshot {
  const name = metric.type === 'counter' ? metric.name.replace(/_total$/, '') : metric.name
  return { ...metric, name, aggregator: metric.aggregator ?? 'sum' }
}

function snapshotsOf(merged: Registry<OpenMetricsContentType>): readonly Snapshot[] {
  return merged.getMetricsAsArray() as unknown as readonly Snapshot[]
}

function keyOf(name: string, { metricName = name, labels }: Value): string {
  return JSON.stringify([metricName, Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))])
}
