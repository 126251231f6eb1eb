/** A service that has only the telemetry package, to be run in a container: `PORT`, `ADMIN_PORT`. */
import { createServer } from 'node:http'
import { startTelemetry } from '@faultline/telemetry'
import { profiles } from '@faultline/telemetry/profiles'
import Router from '@koa/router'
import Koa from 'koa'

const { PORT, ADMIN_PORT } = process.env

const telemetry = startTelemetry({
  serviceName: 'catalog',
  serviceInstanceId: 'catalog-1',
  profiles: profiles(),
})

const router = new Router()
router.get('/concerts/:concertId', (ctx) => {
  telemetry.logger.info({ concert_id: ctx.params.concertId }, 'looking up a concert')
  ctx.body = { id: ctx.params.concertId }
})
const server = new Koa().use(telemetry.middleware()).use(router.routes()).listen(PORT)
const admin = createServer(telemetry.metricsHandler).listen(ADMIN_PORT)

process.once('SIGTERM', () => {
  server.close(async () => {
    await telemetry.shutdown()
    admin.close()
    admin.closeAllConnections()
  })
})
