/** When a signing key does what; pure, so that rotation can be tried at any pace. Times are in milliseconds. */
export interface PlannedKey {
  readonly kid: string
  /** Published from here on. */
  readonly createdAtMs: number
  /** Signs from here on, until a younger key does. */
  readonly signsFromMs: number
}

export interface KeyTimes {
  /** How long a key is published before it signs: longer than verifiers keep a key set. */
  readonly leadMs: number
  /** How long a key signs before the next one takes over. */
  readonly maxAgeMs: number
  /** How long a token lives, with the clocks' differences: what a key stays published for after it has signed. */
  readonly tokenLifeMs: number
}

export interface KeyPlan<Key extends PlannedKey> {
  /** The one that signs now; undefined while there is none. */
  readonly signing: Key | undefined
  /** Those that verifiers must know: it, its successors, and predecessors whose tokens may be alive. */
  readonly published: readonly Key[]
  /** Those of no use any more. */
  readonly dead: readonly Key[]
  /** When the next key is to sign, if it is time to make it. */
  readonly nextSignsFromMs: number | undefined
}

/** What is to be done with the keys that there are. */
export function planKeys<Key extends PlannedKey>(
  keys: readonly Key[],
  nowMs: number,
  { leadMs, maxAgeMs, tokenLifeMs }: KeyTimes,
): KeyPlan<Key> {
  const inOrder = keys.toSorted(bySigningTime)
  const signing = inOrder.findLast(({ signsFromMs }) => signsFromMs <= nowMs)
  const dead = inOrder.filter((_, index) => {
    const successor = inOrder[index + 1]
    return successor !== undefined && successor.signsFromMs + tokenLifeMs <= nowMs
  })
  return {
    signing,
    published: inOrder.filter((key) => !dead.includes(key)),
    dead,
    nextSignsFromMs: nextSigningTime(inOrder.at(-1), nowMs, leadMs, maxAgeMs),
  }
}

/** Equal times are told apart by the id, so that every replica signs with the same key. */
function bySigningTime(a: PlannedKey, b: PlannedKey): number {
  return a.signsFromMs - b.signsFromMs || (a.kid < b.kid ? -1 : 1)
}

function nextSigningTime(
  youngest: PlannedKey | undefined,
  nowMs: number,
  leadMs: number,
  maxAgeMs: number,
): number | undefined {
  // The first key has nobody to take over from, and no verifier can have fetched a key set without it.
  if (!youngest) return nowMs
  const dueAtMs = youngest.signsFromMs + maxAgeMs
  return nowMs >= dueAtMs - leadMs ? Math.max(dueAtMs, nowMs + leadMs) : undefined
}
