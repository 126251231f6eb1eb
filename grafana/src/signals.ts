/**
 * Every metric that a dashboard may ask for, and the labels it has: the one place where their names are written down.
 * A test holds all queries against this list, so a renamed metric is a change here and nowhere else.
 *
 * Names follow the OpenTelemetry semantic conventions as Prometheus spells them.
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
 * @see https://opentelemetry.io/docs/specs/semconv/db/database-metrics/
 * @see https://opentelemetry.io/docs/specs/semconv/runtime/nodejs-metrics/
 */

/** What a metric is; a histogram stands for its `_bucket`, `_sum` and `_count` series. */
export type MetricKind = 'counter' | 'gauge' | 'histogram'

export interface Metric {
  readonly kind: MetricKind
  readonly labels: readonly string[]
}

/** Labels of everything that is scraped: the service and the replica. */
export const instanceLabels = ['service_name', 'service_instance_id'] as const

const scraped = <Kind extends MetricKind>(kind: Kind, labels: string[]) => ({
  kind,
  labels: [...instanceLabels, ...labels],
})
const counter = (...labels: string[]) => scraped('counter', labels)
const gauge = (...labels: string[]) => scraped('gauge', labels)
const histogram = (...labels: string[]) => scraped('histogram', labels)

const services = {
  http_server_request_duration_seconds: histogram(
    'http_request_method',
    'http_route',
    'http_response_status_code',
    'error_type',
  ),
  http_server_active_requests: gauge('http_request_method'),
  http_client_request_duration_seconds: histogram(
    'http_request_method',
    'http_response_status_code',
    'peer_service',
    'error_type',
  ),
  db_client_operation_duration_seconds: histogram(
    'db_system_name',
    'db_operation_name',
    'db_collection_name',
    'error_type',
  ),
  db_client_connection_count: gauge('db_client_connection_pool_name', 'db_client_connection_state'),
  db_client_connection_max: gauge('db_client_connection_pool_name'),
  db_client_connection_pending_requests: gauge('db_client_connection_pool_name'),
  db_client_connection_wait_time_seconds: histogram('db_client_connection_pool_name'),
  db_client_connection_timeouts_total: counter('db_client_connection_pool_name'),
  nodejs_eventloop_utilization: gauge(),
  nodejs_eventloop_delay_p50_seconds: gauge(),
  nodejs_eventloop_delay_p99_seconds: gauge(),
  v8js_gc_duration_seconds: histogram('v8js_gc_type'),
  v8js_memory_heap_used_bytes: gauge('v8js_heap_space_name'),
  v8js_memory_heap_limit_bytes: gauge(),
  process_cpu_time_seconds_total: counter('cpu_mode'),
  process_memory_usage_bytes: gauge(),
  process_uptime_seconds: gauge(),
  // What prom-client's default metrics call the same.
  nodejs_eventloop_lag_p50_seconds: gauge(),
  nodejs_eventloop_lag_p99_seconds: gauge(),
  nodejs_heap_size_used_bytes: gauge(),
  process_cpu_seconds_total: counter(),
  process_resident_memory_bytes: gauge(),
  process_start_time_seconds: gauge(),
  cache_requests_total: counter('cache_name', 'cache_level', 'cache_result'),
  cache_invalidations_total: counter('cache_name'),
  load_shed_requests_total: counter('reason'),
  resilience_calls_total: counter('peer_service', 'outcome'),
  resilience_retries_total: counter('peer_service'),
  resilience_retry_budget_exhausted_total: counter('peer_service'),
  resilience_timeouts_total: counter('peer_service'),
  resilience_breaker_state: gauge('peer_service', 'replica'),
  resilience_bulkhead_rejected_total: counter('peer_service'),
  telemetry_export_batches_total: counter('signal', 'outcome'),
  telemetry_items_dropped_total: counter('signal', 'reason'),
}

/** Of the edge; the site that a request came in by is the label `server`, as the Caddyfile names it. */
const edgeOfKit = {
  caddy_http_request_duration_seconds: histogram('server', 'code', 'method', 'handler'),
}

const message = [
  'messaging_system',
  'messaging_operation_name',
  'messaging_destination_name',
  'messaging_consumer_group_name',
  'error_type',
] as const

/** @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-metrics/ */
const messages = {
  messaging_client_operation_duration_seconds: histogram(...message),
  messaging_process_duration_seconds: histogram(...message),
  messaging_redelivered_messages_total: counter('messaging_consumer_group_name'),
  messaging_dead_letters_total: counter('messaging_consumer_group_name', 'reason'),
  messaging_consumer_pending_messages: gauge('messaging_consumer_group_name'),
  messaging_consumer_ack_pending_messages: gauge('messaging_consumer_group_name'),
  messaging_consumer_lag_seconds: gauge('messaging_consumer_group_name'),
  messaging_dead_letter_queue_messages: gauge('messaging_consumer_group_name'),
  outbox_backlog: gauge(),
  outbox_oldest_event_age_seconds: gauge(),
  outbox_published_total: counter(),
  outbox_publish_failures_total: counter(),
  nats_client_connected: gauge(),
}

/** What the box office is for. */
const boxOffice = {
  box_office_reservations_total: counter('outcome'),
  box_office_orders_total: counter('outcome'),
  box_office_tickets_sold_total: counter(),
  box_office_revenue_total: counter('currency'),
  box_office_payment_to_ticket_seconds: histogram(),
  box_office_payments_declined_total: counter('reason'),
  box_office_charges_pending: gauge(),
  box_office_orders_pending: gauge(),
  box_office_webhook_deliveries_total: counter('outcome'),
}

const security = {
  sign_ins_total: counter('outcome'),
  session_refreshes_total: counter('outcome'),
  sessions_revoked_total: counter('reason'),
  auth_token_checks_total: counter('outcome'),
  rate_limited_requests_total: counter('scope'),
  input_rejections_total: counter('reason'),
  feature_flag_active: gauge('feature_flag_key', 'feature_flag_result_variant'),
}

// Replicas are summed: these belong to the service.
const spanMetric = <Kind extends MetricKind>(kind: Kind) => ({
  kind,
  labels: ['service_name', 'span_name', 'span_kind', 'status_code', 'peer_service', 'http_route'],
})
const edge = <Kind extends MetricKind>(kind: Kind) => ({ kind, labels: ['client', 'server'] })

const traces = {
  traces_span_metrics_calls_total: spanMetric('counter'),
  traces_span_metrics_duration_seconds: spanMetric('histogram'),
  traces_service_graph_request_total: edge('counter'),
  traces_service_graph_request_failed_total: edge('counter'),
  traces_service_graph_request_server_seconds: edge('histogram'),
}

const objective = { kind: 'gauge', labels: ['slo', 'service'] } as const

const objectives = {
  'slo:error_budget_remaining:ratio': objective,
  'slo:burn_rate:ratio_rate5m': objective,
  'slo:burn_rate:ratio_rate1h': objective,
  ALERTS: {
    kind: 'gauge',
    labels: ['alertname', 'alertstate', 'severity', 'slo', 'service'],
  } as const,
}

const pipeline = {
  up: gauge(),
  otelcol_receiver_accepted_spans_total: counter('receiver', 'transport'),
  otelcol_receiver_accepted_metric_points_total: counter('receiver', 'transport'),
  otelcol_receiver_accepted_log_records_total: counter('receiver', 'transport'),
  otelcol_receiver_accepted_profile_samples_total: counter('receiver', 'transport'),
  otelcol_receiver_refused_spans_total: counter('receiver', 'transport'),
  otelcol_receiver_refused_metric_points_total: counter('receiver', 'transport'),
  otelcol_receiver_refused_log_records_total: counter('receiver', 'transport'),
  otelcol_receiver_refused_profile_samples_total: counter('receiver', 'transport'),
  otelcol_exporter_sent_spans_total: counter('exporter'),
  otelcol_exporter_sent_metric_points_total: counter('exporter'),
  otelcol_exporter_sent_log_records_total: counter('exporter'),
  otelcol_exporter_sent_profile_samples_total: counter('exporter'),
  otelcol_exporter_send_failed_spans_total: counter('exporter'),
  otelcol_exporter_send_failed_metric_points_total: counter('exporter'),
  otelcol_exporter_send_failed_log_records_total: counter('exporter'),
  otelcol_exporter_send_failed_profile_samples_total: counter('exporter'),
  otelcol_exporter_queue_size: gauge('exporter', 'data_type'),
  otelcol_exporter_queue_capacity: gauge('exporter', 'data_type'),
  otelcol_processor_tail_sampling_global_count_traces_sampled_total: counter('decision'),
  otelcol_process_memory_rss: gauge(),
}

const loadTag = ['scenario', 'name', 'method', 'status', 'expected_response', 'error_code'] as const
const k6 = {
  k6_http_req_duration_milliseconds: histogram(...loadTag),
  k6_http_req_failed_total: counter(...loadTag, 'condition'),
  k6_iterations_total: counter('scenario'),
  k6_visits_total: counter('scenario', 'outcome'),
  k6_time_to_ticket_milliseconds: histogram('scenario'),
  k6_vus: gauge(),
  k6_vus_max: gauge(),
}

export const metrics = {
  ...services,
  ...edgeOfKit,
  ...boxOffice,
  ...messages,
  ...security,
  ...traces,
  ...objectives,
  ...pipeline,
  ...k6,
} satisfies Record<string, Metric>

export type MetricName = keyof typeof metrics

/** Names of the metrics that are histograms. */
export type HistogramName = {
  [Name in MetricName]: (typeof metrics)[Name]['kind'] extends 'histogram' ? Name : never
}[MetricName]

/** The profile types that are drawn, in Pyroscope's spelling: those that come over OTLP, and `@pyroscope/nodejs`'s. */
export const profileTypes = {
  cpu: 'process_cpu:cpu:nanoseconds:cpu:nanoseconds',
  heap: 'memory:inuse_space:bytes:memory:bytes',
  pushedCpu: 'wall:cpu:nanoseconds:wall:nanoseconds',
  pushedHeap: 'memory:inuse_space:bytes:inuse_space:bytes',
} as const

/** Loki labels and structured metadata that log queries use. */
export const logLabels = [
  'service_name',
  'service_instance_id',
  'detected_level',
  'trace_id',
  'http_request_method',
  'http_route',
  'http_response_status_code',
  'http_server_request_duration',
  'url_path',
  'exception_message',
  'event_name',
] as const
