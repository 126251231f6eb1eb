import { bodyParser } from '@koa/bodyparser'
import Router from '@koa/router'
import Koa from 'koa'
import type { Logger } from 'pino'
import { z } from 'zod'
import { type AlertHistory, type Incident, postedAlerts } from './history.ts'

const MAX_BODY = '2mb'

interface PagerDependencies {
  readonly history: AlertHistory
  readonly logger: Logger
  /** Called when the history changed; a delivery is acknowledged only after it resolved. */
  readonly save: () => Promise<void>
}

/**
 * The part of Alertmanager's API v2 that Prometheus uses, and the history.
 * @see https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
 */
export function createPagerApp({ history, logger, save }: PagerDependencies): Koa {
  const router = new Router()

  const tell = (changed: readonly Incident[]): void => {
    for (const { labels, annotations, resolvedAtMs } of changed) {
      const { alertname, severity, service } = labels
      logger.info(
        { alertname, severity, service, summary: annotations.summary },
        resolvedAtMs === undefined ? 'alert fired' : 'alert resolved',
      )
    }
  }
  const settle = (): void => tell(history.expire(Date.now()))

  router.post('/api/v2/alerts', async (context) => {
    const parsed = postedAlerts.safeParse(context.request.body)
    if (!parsed.success) {
      context.status = 400
      context.body = { code: 400, message: z.prettifyError(parsed.error) }
      return
    }
    settle()
    tell(history.receive(parsed.data, Date.now()))
    await save()
    context.status = 200
    context.body = {}
  })

  router.get('/api/v2/alerts', (context) => {
    settle()
    context.body = history.firing().map(gettable)
  })

  router.get('/api/v1/incidents', (context) => {
    settle()
    const since = z.coerce.number().default(0).safeParse(context.query.since)
    if (!since.success) {
      context.status = 400
      context.body = { code: 400, message: 'since must be a time in epoch milliseconds' }
      return
    }
    const recent = history
      .all()
      .filter(({ resolvedAtMs = Number.POSITIVE_INFINITY }) => resolvedAtMs >= since.data)
    context.body = { incidents: recent }
  })

  for (const path of ['/-/ready', '/-/healthy']) {
    router.get(path, (context) => {
      context.body = 'OK\n'
    })
  }

  const app = new Koa()
  app.silent = true
  app.on('error', (error) => logger.error({ err: error }, 'request failed'))
  app.use(
    bodyParser({
      enableTypes: ['json'],
      jsonLimit: MAX_BODY,
      onError: (_error, context) => context.throw(400, 'the body is not JSON, or larger than 2 MB'),
    }),
  )
  app.use(router.routes())
  app.use(router.allowedMethods())
  return app
}

/** As Alertmanager's API shows an alert. */
function gettable(incident: Incident): unknown {
  const { fingerprint, labels, annotations, startsAtMs, expiresAtMs, generatorURL } = incident
  return {
    fingerprint,
    labels,
    annotations,
    startsAt: new Date(startsAtMs).toISOString(),
    endsAt: new Date(expiresAtMs).toISOString(),
    updatedAt: new Date(startsAtMs).toISOString(),
    generatorURL,
    receivers: [{ name: 'pager' }],
    status: { state: 'active', silencedBy: [], inhibitedBy: [] },
  }
}
