import { setFlagsFromString } from 'node:v8'
import { pino } from 'pino'
import { ConfigError, readConfig } from './config.ts'
import { startEmbeddedStore } from './server.ts'

// Received batches are garbage a moment later, and by default V8 lets the heap grow to a multiple of what is alive
// before it looks. Collecting earlier costs little here and saves 100 MB. The young generation can only be bounded from
// outside, by NODE_OPTIONS=--max-semi-space-size=8, which saves as much again.
setFlagsFromString('--heap-growing-percent=50')

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
