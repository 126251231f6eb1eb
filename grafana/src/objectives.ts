/** What the objectives in `slo/objectives` promise, for the lines on panels; a test compares the two. */
export const objectives = {
  /** Share of requests that may fail. */
  errorBudget: 0.01,
  /** Seconds within which 99 % of the requests are to be answered. */
  latencySeconds: 0.25,
  /** Seconds after the payment within which 99 % of the tickets are to be there. */
  ticketSeconds: 5,
} as const

/** Burn rates from which on an alert fires: the quick page and the slow one. */
export const pageBurnRates = { fast: 14.4, slow: 6 } as const
