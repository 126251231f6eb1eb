/**
 * Feature flags: switches of protections, and bugs in code that drills switch on. Their values are in the key-value
 * bucket {@link FLAGS_BUCKET} of the broker as JSON, by key; what is not there has its default. Every default is the
 * healthy, protected state.
 */
export const FLAGS_BUCKET = 'feature-flags'

export interface FlagDefinition<Value extends boolean | string = boolean | string> {
  /** Values that it can have. */
  readonly variants: readonly Value[]
  readonly default: Value
  /** For people: what changes with it. */
  readonly description: string
}

export const flags = {
  'retry-policy': {
    variants: ['protected', 'naive'],
    default: 'protected',
    description:
      'How outgoing HTTP is retried. naive: at once, three times more, without budget, breaker or shared deadline',
  },
  'payment-circuit-breaker': {
    variants: [true, false],
    default: true,
    description: 'Circuit breaker of payments towards the payment provider',
  },
  'search-fallback': {
    variants: [true, false],
    default: true,
    description: 'Search of concerts answers with counts from a snapshot when counting free seats is slow',
  },
  'rate-limits': {
    variants: [true, false],
    default: true,
    description: 'Rate limits of the gateway, by user and address',
  },
  'load-shedding': {
    variants: [true, false],
    default: true,
    description: 'Refusing requests early when a service has more work than it can do',
  },
  'webhook-address-guard': {
    variants: [true, false],
    default: true,
    description: 'Webhooks go to public addresses only',
  },
} as const satisfies Record<string, FlagDefinition>

export type FlagName = keyof typeof flags
/** Values of a flag. */
export type FlagValue<Name extends FlagName> = (typeof flags)[Name]['variants'][number]
