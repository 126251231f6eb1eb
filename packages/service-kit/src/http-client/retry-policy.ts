/**
 * How a client meets failures. `protected`: retries within deadline and budget, behind breaker and bulkhead. `naive`:
 * what is often written first, and turns a short slowness into a long outage; drills switch it on.
 */
export const RETRY_POLICIES = ['protected', 'naive'] as const
export type RetryPolicy = (typeof RETRY_POLICIES)[number]
