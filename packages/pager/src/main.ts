import { pino } from 'pino'
import { z } from 'zod'
import { startPager } from './pager.ts'

const schema = z.object({
  PAGER_HOST: z.string().min(1).default('127.0.0.1'),
  PAGER_PORT: z.coerce.number().int().min(0).max(65_535).default(9093),
  PAGER_DATA_DIR: z.string({ error: 'is required: the folder that keeps the history' }).min(1),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
})

try {
  const config = schema.safeParse(process.env)
  if (!config.success) throw new Error(z.prettifyError(config.error))
  const { PAGER_HOST: host, PAGER_PORT: port, PAGER_DATA_DIR: dataDirectory, LOG_LEVEL: level } = config.data
  const logger = pino({ level, base: { service: 'pager' } })
  const pager = await startPager({ host, port, dataDirectory, logger })
  logger.info({ url: pager.url, data: dataDirectory }, 'pager is ready')
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    logger.info({ signal }, 'stopping')
    await pager.close()
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
} catch (error) {
  process.stderr.write(`the pager cannot start: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
