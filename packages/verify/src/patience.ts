/**
 * How long after verify's own requests their telemetry may take, in ms. What is later is missing. The
 * pipeline's own waiting (export every few seconds, the sampler's 5 s, a profile's 10 s, a scrape every 2 s,
 * a retry after up to 10 s) fits in twice over.
 */
export const patience = {
  metrics: 20_000,
  logs: 20_000,
  traces: 25_000,
  profiles: 35_000,
} as const
