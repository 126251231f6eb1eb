import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Middleware } from 'koa'
import { Counter } from 'prom-client'
import type { MetricsRegistry } from '../telemetry-types.ts'
import { overloaded } from './problem.ts'

export interface LoadSheddingOptions {
  register: MetricsRegistry
  /** Whether requests are turned away at all, asked each time: a flag, which no service may forget. */
  isOn: () => boolean
  /** Requests under way at a time. By Little's law 256 at 50 ms each are 5,000 a second. */
  maxConcurrent?: number
  /** Longest mean delay of the event loop, in milliseconds; past it every request is late anyhow. */
  maxEventLoopDelayMs?: number
  /** How often the delay is looked at, in milliseconds. */
  sampleIntervalMs?: number
  /** Mean delay of the event loop since the last call, in milliseconds. */
  readEventLoopDelayMs?: () => number
}

/** Looks in a row that must find it too long: one long pause is over when it is seen, only overload goes on. */
const LATE_SAMPLES = 2

/** When clients are told to try again, in seconds. */
const RETRY_AFTER_SECONDS = 1

const loadSheddingDefaults = {
  maxConcurrent: 256,
  maxEventLoopDelayMs: 250,
  sampleIntervalMs: 500,
} satisfies Partial<LoadSheddingOptions>

/** Why a request was turned away. */
type Reason = 'concurrency' | 'event_loop_delay'

/**
 * Turns requests away while the service has more than it can do: answering 503 at once is cheaper for both sides
 * than answering late.
 *
 * @see https://sre.google/sre-book/handling-overload/
 */
export function loadShedding(options: LoadSheddingOptions): Middleware {
  const settings = { ...loadSheddingDefaults, ...options }
  const readDelayMs = settings.readEventLoopDelayMs ?? eventLoopDelayReader()
  const shed = new Counter({
    name: 'load_shed_requests_total',
    help: 'Requests turned away because of overload',
    labelNames: ['reason'],
    registers: [settings.register],
  })
  shed.inc({ reason: 'concurrency' }, 0)
  shed.inc({ reason: 'event_loop_delay' }, 0)

  let lateInARow = 0
  setInterval(() => {
    lateInARow = readDelayMs() > settings.maxEventLoopDelayMs ? lateInARow + 1 : 0
  }, settings.sampleIntervalMs).unref()

  let active = 0
  const reject = (reason: Reason, detail: string) => {
    shed.inc({ reason })
    return overloaded(detail, RETRY_AFTER_SECONDS)
  }
  return async function loadSheddingMiddleware(_ctx, next) {
    if (settings.isOn()) {
      if (active >= settings.maxConcurrent) throw reject('concurrency', 'too many requests are under way')
      if (lateInARow >= LATE_SAMPLES) throw reject('event_loop_delay', 'answers would come too late')
    }
    active++
    try {
      await next()
    } finally {
      active--
    }
  }
}

function eventLoopDelayReader(): () => number {
  const resolutionMs = 20
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  histogram.enable()
  return () => {
    // Nothing recorded gives NaN. The histogram's values include the time between two looks.
    const mean = Number.isNaN(histogram.mean) ? 0 : histogram.mean / 1e6 - resolutionMs
    histogram.reset()
    return mean
  }
}
