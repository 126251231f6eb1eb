/**
 * One of the items for which `holds` is true, found by halving; it must be true of a list exactly when it
 * is of one of its items. Undefined where it holds for none.
 */
export async function singleOut<T>(
  items: readonly T[],
  holds: (some: readonly T[]) => Promise<boolean>,
): Promise<T | undefined> {
  let candidates = items
  while (candidates.length > 1) {
    const half = candidates.slice(0, Math.ceil(candidates.length / 2))
    candidates = (await holds(half)) ? half : candidates.slice(half.length)
  }
  return candidates.length === 1 && (await holds(candidates)) ? candidates[0] : undefined
}
