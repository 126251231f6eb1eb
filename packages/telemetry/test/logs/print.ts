import { createLogPipeline } from '../../src/logs/logger.ts'
import { defaults, type LogOptions } from '../../src/options.ts'

/** Prints one line of each kind; run by a test with an expression that gives `logs`. */
const { default: logs } = (await import(`data:text/javascript,${process.argv[2]}`)) as {
  default: Partial<LogOptions>
}
const { logger, access, flush } = createLogPipeline({ ...defaults.logs, ...logs }, undefined)
logger.info({ seats: 3 }, 'hello')
access({
  level: 'error',
  fields: {
    'http.request.method': 'GET',
    'http.route': undefined,
    'url.path': '/',
    'http.response.status_code': 500,
    'http.server.request.duration': 0.5,
    'request.id': undefined,
    'error.type': 'RangeError',
  },
  err: new RangeError('no seats'),
})
await flush()
