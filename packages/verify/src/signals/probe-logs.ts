import { answerOf } from '../answer.ts'
import { type Context, followedTraceIds, ownTraceIds, sinceSentMs } from '../context.ts'
import { patience } from '../patience.ts'
import type { Probe } from '../probe.ts'
import type { Service } from '../services/discover.ts'
import { forEachService } from '../services/for-each-service.ts'
import { judgeLogs, ownLogsQuery } from './judge-logs.ts'

/** Traces whose lines are asked for in one query. */
const MAX_TRACES = 40
const MAX_LINES = 1_000
const ANY_LINES = 20

/** Log lines of each service. */
export const logsProbe: Probe = {
  name: 'logs',
  hop: 'logs',
  async observe(context) {
    if (context.found.sentUntilMs === undefined) return []
    const late = sinceSentMs(context) > patience.logs
    return forEachService(context, 'logs', (service) => observe(service, context, late))
  },
}

async function observe(service: Service, context: Context, late: boolean) {
  const { backends, beginMs, signal, requester } = context
  const followed = followedTraceIds(context, ownTraceIds(context), MAX_TRACES)
  const query = ownLogsQuery(service.name, followed, requester.marker)
  const range = { startMs: beginMs, endMs: Date.now(), signal }
  const [own, any] = await Promise.all([
    answerOf(backends.loki.queryRange(query, { ...range, limit: MAX_LINES })),
    answerOf(backends.loki.queryRange(`{service_name="${service.name}"}`, { ...range, limit: ANY_LINES })),
  ])
  return judgeLogs(service, { query, own, any }, late)
}
