import type { LogEntry } from '@faultline/backends-client'
import { type CallResult, failedCall, resultOf } from '../call-result.ts'
import { type Context, isLate } from '../context.ts'
import type { Probe } from '../probe.ts'
import { type Finding, fail } from '../report/check.ts'
import { type Discover, forEachService, missingInstances, replicaCheck, type Service } from './services.ts'

const MAX_LINES = 1_000
const ANY_LINES = 20

export function logsProbe(context: Context, discover: Discover): Probe {
  return {
    name: 'logs',
    hop: 'logs',
    late: () => isLate(context, 'logs'),
    async observe() {
      const { services, followed } = await discover()
      return forEachService(services, 'logs', async (service) => {
        const query = ownLogsQuery(service.name, followed, context.requester.marker)
        const [own, any] = await Promise.all([
          linesSinceBegin(context, query, MAX_LINES),
          linesSinceBegin(context, `{service_name="${service.name}"}`, ANY_LINES),
        ])
        return judgeLogs(service, { query, own, any })
      })
    },
  }
}

/** At most `limit` of the log lines that a query finds since verify began. */
export async function linesSinceBegin(
  { backends, beginMs }: Context,
  query: string,
  limit: number,
): Promise<CallResult<readonly LogEntry[]>> {
  const lines = await resultOf(
    backends.loki.queryRange(query, { startMs: beginMs, endMs: Date.now(), limit }),
  )
  return 'error' in lines ? lines : { value: lines.value.entries }
}

/** Lines of verify's own requests: by the ids of their traces or by the marker in their request ids. */
function ownLogsQuery(service: string, traceIds: readonly string[], marker: string): string {
  const byTrace = traceIds.length === 0 ? '' : `trace_id=~"${traceIds.join('|')}" or `
  return `{service_name="${service}"} | ${byTrace}request_id=~"${marker}-.+"`
}

/** What Loki has of a service since verify began. */
interface LogsEvidence {
  readonly query: string
  /** Lines of verify's own requests, by trace id or by request id. */
  readonly own: CallResult<readonly LogEntry[]>
  /** A few lines of anything. */
  readonly any: CallResult<readonly LogEntry[]>
}

/** Whether the service's lines about verify's own requests arrived, from each replica. */
export function judgeLogs(service: Service, { query, own, any }: LogsEvidence): Finding {
  const finding = {
    id: `signal/${service.name}/logs`,
    hop: 'logs',
    service: service.name,
    signal: 'logs',
    expected: 'log lines of verify’s own requests from every replica',
    query: shorten(query),
    explainedBy: ['reach/collector', 'reach/loki', 'requests', replicaCheck(service.name)],
  } as const
  if ('error' in own) return { ...finding, ...failedCall(own.error) }
  if ('error' in any) return { ...finding, ...failedCall(any.error) }
  const lines = own.value
  const others = any.value
  const missing = replicasWithout(lines, service)
  if (lines.length > 0 && missing.length === 0) {
    const traced = lines.filter(({ metadata }) => metadata.trace_id !== undefined).length
    return { ...finding, status: 'pass', seen: `${lines.length} lines, ${traced} of them with a trace id` }
  }
  if (lines.length > 0) {
    return fail(finding, {
      seen: `${lines.length} lines, none of ${missing.join(', ')}`,
      likelyCause: `${missing.join(', ')} does not export logs`,
      nextStep: `faultline logs ${missing[0]}: does it say that an export failed?`,
    })
  }
  if (others.length > 0 && others.every(({ metadata }) => metadata.trace_id === undefined)) {
    // They cannot be told from others, which is what the hop from traces to logs is about.
    return { ...finding, status: 'pass', seen: 'lines since verify began, none with a trace id' }
  }
  return fail(finding, {
    seen: others.length > 0 ? 'lines of other requests, none of verify’s own' : 'no line since verify began',
    likelyCause:
      others.length > 0
        ? 'logs are late, or the service logs only some of its requests'
        : 'the service does not export logs, or the collector does not deliver them',
    nextStep: `faultline logs ${service.instances[0] ?? service.name}; faultline logs collector`,
  })
}

/** Replicas without a line; none is missed where logs do not say their replica. */
function replicasWithout(lines: readonly LogEntry[], service: Service): string[] {
  const replicas = lines.map(
    ({ labels, metadata }) => metadata.service_instance_id ?? labels.service_instance_id,
  )
  return replicas.every((replica) => replica === undefined) ? [] : missingInstances(service, replicas)
}

const MAX_SHOWN = 200

/** A query with dozens of ids, for people. */
export function shorten(query: string): string {
  return query.length <= MAX_SHOWN ? query : `${query.slice(0, MAX_SHOWN - 60)}…${query.slice(-59)}`
}
