import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node'

/** An instrumentation of the user's, as far as it is looked at. */
type Instrumentation = Exclude<NodeSDKConfiguration['instrumentations'][number], readonly unknown[]>

function has(instrumentations: readonly Instrumentation[], name: string): boolean {
  return instrumentations.some(
    (one) =>
      one.instrumentationName === `@opentelemetry/instrumentation-${name}` &&
      one.getConfig().enabled !== false,
  )
}

/** Whether outgoing requests of undici have their spans already; ours would be a second one for each. */
export function tracesUndici(instrumentations: readonly Instrumentation[]): boolean {
  return has(instrumentations, 'undici')
}

/** Says what would come twice and cannot be told apart. */
export function warnOfTwins(instrumentations: readonly Instrumentation[]): void {
  if (!has(instrumentations, 'pino')) return
  process.emitWarning(
    'instrumentation-pino exports the lines of telemetry.logger a second time: leave it out, for instance by ' +
      "getNodeAutoInstrumentations({ '@opentelemetry/instrumentation-pino': { enabled: false } })",
  )
}
