import { pino } from 'pino'
import { ConfigError, readConfig } from './config.ts'
import { startEmbeddedStore } from './server.ts'

try {
  const config = readConfig(process.env)
  const logger = pino({ level: config.logLevel, base: { service: 'embedded-store' } })
  const store = await startEmbeddedStore(config, logger)
  logger.info({ urls: store.urls, data: config.dataDirectory }, 'embedded store is ready')
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    logger.info({ signal }, 'stopping')
    await store.stop()
    logger.info('stopped')
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
} catch (error) {
  const cause = error instanceof Error ? error.message : String(error)
  process.stderr.write(`embedded store cannot start: ${cause}\n`)
  process.exitCode = error instanceof ConfigError ? 2 : 1
}
