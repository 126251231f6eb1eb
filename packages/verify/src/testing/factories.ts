import {
  type BackendName,
  BackendUnreachable,
  type FlameGraph,
  type InstantSeries,
  type Labels,
  type LogEntry,
  type Rule,
  type Span,
  type Trace,
} from '@faultline/backends-client'
import type { Target } from '../panels/dashboard.ts'
import type { TimedFinding } from '../report/attribute.ts'
import type { SentRequest } from '../requests/sender.ts'
import type { Service } from '../signals/services.ts'

// What tests are made of: each has every field, and takes those that a test is about.

/** 2026-11-23T05:00:00Z */
export const NOW_MS = 1_795_410_000_000

export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'

export function aFinding(fields: Partial<TimedFinding> = {}): TimedFinding {
  return {
    id: 'signal/gateway/logs',
    hop: 'logs',
    status: 'fail',
    expected: 'lines',
    seen: 'none',
    query: '{service_name="gateway"}',
    durationMs: 5,
    ...fields,
  }
}

export function aService(fields: Partial<Service> = {}): Service {
  return { name: 'catalog', instances: ['catalog-1', 'catalog-2'], ownServerSpans: 10, ...fields }
}

export function aVector(...series: readonly (readonly [Labels, number])[]): InstantSeries[] {
  return series.map(([labels, value]) => ({ labels, value }))
}

export function aSpan(fields: Partial<Span> = {}): Span {
  return {
    traceId: TRACE_ID,
    spanId: 'b7ad6b7169203331',
    parentSpanId: undefined,
    name: 'GET /v1/concerts',
    kind: 'server',
    startMs: NOW_MS,
    durationMs: 12,
    status: 'unset',
    attributes: { 'http.route': '/v1/concerts' },
    resource: { 'service.name': 'gateway', 'service.instance.id': 'gateway-1' },
    serviceName: 'gateway',
    ...fields,
  }
}

/** A trace with one server span of each replica, by service and instance. */
export function aTrace(...replicas: readonly (readonly [service: string, instance: string])[]): Trace {
  const spans = replicas.map(([service, instance], at) =>
    aSpan({
      spanId: String(at + 1).padStart(16, '0'),
      serviceName: service,
      resource: { 'service.name': service, 'service.instance.id': instance },
    }),
  )
  return { traceId: TRACE_ID, spans }
}

export function anEntry(fields: Partial<LogEntry> = {}): LogEntry {
  return {
    timeMs: NOW_MS,
    line: 'request completed',
    labels: { service_name: 'gateway' },
    metadata: { trace_id: TRACE_ID, span_id: '0000000000000001', service_instance_id: 'gateway-1' },
    ...fields,
  }
}

export function someLines(...entries: readonly LogEntry[]) {
  return { value: entries }
}

export function aFlameGraph(nanoseconds: number): FlameGraph {
  const work = { name: 'work', total: nanoseconds, self: nanoseconds, children: [] }
  const children = nanoseconds > 0 ? [work] : []
  return { root: { name: 'total', total: nanoseconds, self: 0, children }, total: nanoseconds }
}

export function aRule(fields: Partial<Rule> = {}): Rule {
  return {
    type: 'recording',
    group: 'slo',
    name: 'slo:sli_error:ratio_rate5m',
    query: 'rate(http_server_request_duration_seconds_count[10s])',
    health: 'ok',
    lastError: undefined,
    lastEvaluationMs: NOW_MS - 1_000,
    intervalMs: 2_000,
    ...fields,
  }
}

export function anAlert(fields: Partial<Rule> = {}): Rule {
  return aRule({ type: 'alerting', ...fields })
}

export function aTarget(fields: Partial<Target> = {}): Target {
  return {
    dashboardUid: 'overview',
    panelId: 4,
    panelTitle: 'Requests',
    refId: 'A',
    datasource: 'prometheus',
    model: { expr: 'sum(rate(http_server_request_duration_seconds_count[$__rate_interval]))' },
    ...fields,
  }
}

export function aRequest(fields: Partial<SentRequest> = {}): SentRequest {
  return {
    traceId: TRACE_ID,
    spanId: '00000000000000ff',
    requestId: 'verify-0badcafe-1',
    method: 'GET',
    route: '/v1/concerts',
    startMs: NOW_MS,
    purpose: 'read',
    status: 200,
    error: undefined,
    ...fields,
  }
}

/** A backend that does not answer. */
export function unreachable(backend: BackendName): { error: BackendUnreachable } {
  const call = { backend, target: `GET http://127.0.0.1:1/`, query: 'up' }
  return { error: new BackendUnreachable(call, { cause: new Error('connect ECONNREFUSED 127.0.0.1:1') }) }
}
