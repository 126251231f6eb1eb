import { defineDrill } from '@faultline/drill-engine'

const INDEX = 'seats_concert_place_idx'

const LIST_P95 = `histogram_quantile(0.95, sum by (le) (rate(http_server_request_duration_seconds_bucket{service_name="catalog", http_route="/concerts"}[10s])))`

export default defineDrill({
  name: 'slow-query',
  title: 'An index is gone and the search reads every seat',
  teaches:
    'One statement can exhaust a service whose own code does nothing: the time is in the database, and only the span of the statement says so. Retries on the other replica hide nothing, since both ask the same database.',
  load: { scenario: 'drill-search', rate: 2 },
  faults: [
    {
      kind: 'sql',
      inject: [`DROP INDEX IF EXISTS catalog.${INDEX}`],
      undo: [
        `CREATE UNIQUE INDEX IF NOT EXISTS ${INDEX} ON catalog.seats (concert_id, section, row_label, number) INCLUDE (status)`,
      ],
    },
  ],
  // None in profiles: the time is spent in the database, and what a profile of the catalog shows of it, new logins, comes
  // in health as well, whenever idle connections were closed.
  evidence: [
    {
      id: 'list-is-slow',
      signal: 'metrics',
      shows: 'The list of concerts takes seconds instead of milliseconds',
      promql: LIST_P95,
      unit: 'seconds',
      threshold: { above: 0.5 },
      because: 'with the index the list takes about 10 ms; half a second is twice what the objective allows',
    },
    {
      id: 'database-calls-are-slow',
      signal: 'metrics',
      shows: 'It is the database that the catalog waits for',
      promql:
        'sum(rate(db_client_operation_duration_seconds_sum{service_name="catalog"}[10s])) / sum(rate(db_client_operation_duration_seconds_count{service_name="catalog"}[10s]))',
      unit: 'seconds',
      threshold: { above: 0.2 },
      because: 'an index-only scan takes milliseconds; a mean of 200 ms over all statements needs full scans',
    },
    {
      id: 'listings-log-their-delay',
      signal: 'logs',
      shows: 'The catalog logs one slow listing after another, answered or given up',
      logql: '{service_name="catalog"} | http_route="/concerts" | http_server_request_duration > 0.5',
      threshold: { above: 10 },
      // Not that statements are cancelled: a quick machine gets through just in time.
      because:
        'in health no listing takes half a second; with every one slow, ten are there within a few seconds',
    },
    {
      id: 'statement-takes-the-time',
      signal: 'traces',
      shows: 'In the trace the time is in one SELECT of the catalog',
      traceql:
        '{ resource.service.name = "catalog" && span.db.system.name = "postgresql" && duration > 500ms }',
      threshold: { above: 2 },
      because: 'in health no statement takes 500 ms',
    },
  ],
  objectives: ['catalog-latency', 'catalog-availability'],
  cause: {
    service: 'catalog',
    span: 'SELECT',
    statement: `SELECT … count(*) … FROM seats WHERE concert_id = …, without ${INDEX}`,
    explanation: `The search counts the free seats of each concert on the page. With ${INDEX} each count is an index-only scan of a few hundred entries; without it each one reads all half a million seats.`,
    traceql:
      '{ resource.service.name = "catalog" && span.db.system.name = "postgresql" && duration > 500ms }',
  },
  redHerrings: [
    {
      explanation: 'The catalog is short of CPU, or its code has become slow',
      looksRightBecause:
        'latency of every listing rises at once on both replicas, as it does when a service is overloaded',
      refutedBy: {
        shows:
          'the catalog uses a small part of one core: it waits, so its profile cannot say where the time goes',
        promql: 'sum(rate(process_cpu_time_seconds_total{service_name="catalog"}[20s]))',
        unit: 'ratio',
        threshold: { below: 0.5 },
        because: 'half a core for two replicas is far from short',
        reduce: 'median',
      },
    },
    {
      explanation: 'There is too much traffic',
      looksRightBecause: 'requests pile up and the pool of connections runs out',
      refutedBy: {
        shows: 'the gateway gets as many requests as before',
        promql:
          'sum(rate(http_server_request_duration_seconds_count{service_name="gateway"}[20s])) / sum(rate(http_server_request_duration_seconds_count{service_name="gateway"}[20s] offset 40s))',
        unit: 'ratio',
        threshold: { below: 1.5 },
        because: 'half as much again would be within what one replica takes',
        reduce: 'median',
      },
    },
  ],
  recovery: { kind: 'returns' },
  protection: {
    title: 'search counts from a snapshot when counting is slow',
    explanation:
      'The exact count gets 150 ms and two places at a time. When it does not make it, the search answers with counts from a snapshot that one scan fills every half minute, and tries the exact way again ten seconds later.',
    price:
      'Counts in the list are up to a minute old while the index is missing; the seat map and the sale stay exact.',
    without: [{ kind: 'flag', name: 'search-fallback', value: false }],
  },
  seconds: { baseline: 30, fault: 45, faultAtMost: 75, recoveryAtMost: 90, cure: 40 },
})
