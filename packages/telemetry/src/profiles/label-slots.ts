import type { SampleOrigin } from './plugin.ts'

/** Slots made before one is used again, which keeps the uses of one slot well apart in time. */
const MIN_SLOTS = 256
/** Requests at a time that get a label; past that, samples go without. */
const MAX_SLOTS = 8_192

/** A label and the requests it has stood for in the current window, in order of time. */
export class LabelSlot {
  /** What the signal handler reads. */
  readonly holder: object
  /** Milliseconds since the Unix epoch at which each began. */
  readonly starts: number[] = []
  readonly origins: SampleOrigin[] = []
  isLent = false

  constructor(createHolder: (label: object) => object) {
    this.holder = createHolder(this)
  }
}

/**
 * Lends labels to requests. Making one costs more than everything else about a span, because the garbage
 * collector has to see to its native half; so they are used again, and a sample finds its request by the time
 * at which it was taken.
 */
export class LabelSlots {
  readonly #createHolder: (label: object) => object
  readonly #slots: LabelSlot[] = []
  // First in, first out from #next on, so that a slot rests for as long as possible.
  #free: LabelSlot[] = []
  #next = 0

  /** @param createHolder makes the native half of a label */
  constructor(createHolder: (label: object) => object) {
    this.#createHolder = createHolder
  }

  /** @param nowMs milliseconds since the Unix epoch. @returns undefined when too many are lent */
  lend(origin: SampleOrigin, nowMs: number): LabelSlot | undefined {
    const slot = this.#take()
    if (!slot) return undefined
    slot.isLent = true
    slot.starts.push(nowMs)
    slot.origins.push(origin)
    return slot
  }

  takeBack(slot: LabelSlot): void {
    slot.isLent = false
    this.#free.push(slot)
  }

  /** Forgets the requests of the window; those that still run stay. */
  startWindow(): void {
    for (const { starts, origins, isLent } of this.#slots) {
      const over = starts.length - (isLent ? 1 : 0)
      starts.splice(0, over)
      origins.splice(0, over)
    }
  }

  #take(): LabelSlot | undefined {
    if (this.#slots.length < MIN_SLOTS || this.#next === this.#free.length) {
      if (this.#slots.length >= MAX_SLOTS) return undefined
      const slot = new LabelSlot(this.#createHolder)
      this.#slots.push(slot)
      return slot
    }
    const slot = this.#free[this.#next]
    this.#next += 1
    if (this.#next === MIN_SLOTS) {
      // The part that is lent is cut off now and then, not each time.
      this.#free = this.#free.slice(MIN_SLOTS)
      this.#next = 0
    }
    return slot
  }
}

/** Whom a label stood for: the last one that began before the sample. @param timeMs since the Unix epoch */
export function originAt(label: object, timeMs: number): SampleOrigin | undefined {
  if (!(label instanceof LabelSlot)) return undefined
  const { starts, origins } = label
  let low = 0
  let high = starts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((starts[middle] ?? 0) <= timeMs) low = middle + 1
    else high = middle
  }
  return origins[Math.max(0, low - 1)]
}
