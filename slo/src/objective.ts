/** What an objective counts: all events, and those of them that were bad, or good. Both are counters. */
export type Indicator =
  | { readonly kind: 'bad'; readonly bad: string; readonly total: string }
  | { readonly kind: 'good'; readonly good: string; readonly total: string }

/** A service level objective, as far as rules need it. */
export interface Objective {
  /** Unique among objectives; the label `slo` of all its series. */
  readonly name: string
  /** For people: `Catalog availability`. */
  readonly displayName: string
  readonly service: string
  /** The share of events that must not be bad, above 0 and below 1. */
  readonly target: number
  /** Length of the rolling window in days. */
  readonly windowDays: number
  readonly indicator: Indicator
}

/** The share of events that may be bad. */
export function errorBudget(objective: Objective): number {
  // 1 - 0.99 is 0.010000000000000009: cut off what floating point added.
  return Number((1 - objective.target).toPrecision(9))
}

/** The name in which an objective's alerts start: `catalog-latency` gives `CatalogLatency`. */
export function alertPrefix(objective: Objective): string {
  return objective.name.replace(/(?:^|-)([a-z0-9])/g, (_, first: string) => first.toUpperCase())
}
