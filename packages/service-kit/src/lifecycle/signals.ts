import type { ServiceTelemetry } from '../telemetry-types.ts'
import type { Service } from './service.ts'

/**
 * Ends the process in order: on SIGTERM and SIGINT with exit code 0, on an error that nobody caught with 1, as
 * the state of the process is then unknown.
 */
export function stopOnSignals(service: Service, telemetry: Pick<ServiceTelemetry, 'logger'>): void {
  const { logger } = telemetry
  const exit = (code: number) => {
    service.stop().then(
      () => process.exit(code),
      (error: unknown) => {
        logger.error({ err: error }, 'stopping failed')
        process.exit(1)
      },
    )
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      logger.info({ signal }, 'received signal')
      exit(0)
    })
  }
  process.once('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'uncaught error')
    exit(1)
  })
}
