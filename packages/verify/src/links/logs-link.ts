import type { LogEntry, Trace } from '@faultline/backends-client'
import { type CallResult, failedCall, valueOr } from '../call-result.ts'
import type { Context } from '../context.ts'
import { type Finding, fail } from '../report/check.ts'
import { linesSinceBegin, shorten } from '../signals/logs.ts'

const MAX_LINES = 1_000

/** Lines of the trace, and the ids of the spans that verify's own requests logged in. */
export async function walkToLogs(
  trace: Trace | undefined,
  context: Context,
): Promise<[Finding, ReadonlySet<string>]> {
  const query = `{service_name=~".+"} | trace_id="${trace?.traceId ?? ''}"`
  const ownQuery = `{service_name=~".+"} | request_id=~"${context.requester.marker}-.+"`
  const [lines, byRequestId] = await Promise.all([
    trace === undefined ? undefined : linesSinceBegin(context, query, MAX_LINES),
    linesSinceBegin(context, ownQuery, MAX_LINES),
  ])
  const spanIds = new Set(valueOr(byRequestId, []).flatMap(({ metadata }) => metadata.span_id ?? []))
  return [judgeLogsLink({ trace, query, lines, byRequestId }), spanIds]
}

interface LogsLinkEvidence {
  /** Where the hop starts. */
  readonly trace: Trace | undefined
  readonly query: string
  /** Lines with the trace's id. */
  readonly lines: CallResult<readonly LogEntry[]> | undefined
  /** Lines of verify's own requests by request id, whatever trace they say. */
  readonly byRequestId: CallResult<readonly LogEntry[]>
}

/** Hop from a trace to what each service logged about it. */
export function judgeLogsLink({ trace, query, lines, byRequestId }: LogsLinkEvidence): Finding {
  const served = trace === undefined ? [] : servicesWithServerSpan(trace)
  const finding = {
    id: 'link/trace-logs',
    hop: 'trace → logs',
    expected: `a line of each of ${served.join(', ') || 'the services'} with the trace’s id and one of its span ids`,
    query: shorten(query),
    explainedBy: ['reach/loki', 'reach/collector', 'signal/*/logs', 'link/exemplar-trace'],
  } as const
  const own = valueOr(byRequestId, [])
  if (own.length > 0 && own.every(({ metadata }) => metadata.trace_id === undefined)) {
    return fail(finding, {
      seen: `${own.length} lines of verify’s own requests, none with a trace id`,
      likelyCause: 'logs leave the trace context out: the record’s trace_id is empty when it reaches Loki',
      nextStep:
        'the logger’s trace context in packages/telemetry; the processors of the logs pipeline in collector/collector.yaml',
      // The lines are there and will not change.
      final: true,
    })
  }
  if (trace === undefined || lines === undefined)
    return { ...finding, status: 'skipped', seen: 'no trace to start from' }
  if ('error' in lines) return { ...finding, ...failedCall(lines.error) }
  const entries = lines.value
  const spanIds = new Set(trace.spans.map(({ spanId }) => spanId))
  const silent = served.filter(
    (name) =>
      !entries.some(
        ({ labels, metadata }) => labels.service_name === name && spanIds.has(metadata.span_id ?? ''),
      ),
  )
  if (silent.length === 0 && entries.length > 0) {
    return { ...finding, status: 'pass', seen: `${entries.length} lines of ${served.join(', ')}` }
  }
  return fail(finding, {
    seen:
      entries.length === 0
        ? 'no line with the trace’s id'
        : `no line of ${silent.join(', ')} with one of its span ids`,
    likelyCause: `${silent.join(', ') || 'the services'} does not log the request, or logs without the trace context`,
    nextStep: `look at lines of ${silent[0] ?? 'the services'} in Loki: have they trace_id and span_id?`,
  })
}

function servicesWithServerSpan(trace: Trace): string[] {
  const names = trace.spans.filter(({ kind }) => kind === 'server').map(({ serviceName }) => serviceName)
  return [...new Set(names)].sort()
}
