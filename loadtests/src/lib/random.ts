import { randomSeed } from 'k6'
import exec from 'k6/execution'
import { seed } from './settings.ts'

/**
 * Makes the random choices of the running iteration a function of the seed and of the iteration's number alone.
 * Virtual users take iterations in an order that depends on timing, so a seed for each user would not repeat.
 */
export function seedIteration(): void {
  randomSeed(seed * 1_000_003 + exec.scenario.iterationInTest)
}

/** One of the values, each equally likely; undefined when there are none. */
export function pick<T>(values: readonly T[]): T | undefined {
  return values[Math.floor(Math.random() * values.length)]
}

/** True with the given probability, 0 to 1. */
export const chance = (probability: number): boolean => Math.random() < probability
