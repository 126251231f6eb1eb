import type { Attributes, SpanContext } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { describeQuery } from '../query.ts'
import { dbOperationOf, errorTypeOf, queryTextOf, systemOf, textOf } from './attribute-values.ts'
import { DurationHistogram } from './duration-histogram.ts'
import type { SpanMetricsOptions } from './http-server.ts'
import type { OpenMetricsRegistry } from './span-metric.ts'

/** Systems whose statements are no SQL: their words are not tables. */
const OTHER_LANGUAGES = new Set([
  'redis',
  'memcached',
  'mongodb',
  'elasticsearch',
  'opensearch',
  'dynamodb',
  'aws.dynamodb',
  'couchdb',
  'neo4j',
])

/** Rate, errors and duration of queries. */
export class DbClientMetrics {
  readonly #duration: DurationHistogram

  constructor(register: OpenMetricsRegistry, { durationBuckets, maxSeries }: SpanMetricsOptions) {
    this.#duration = new DurationHistogram(register, {
      name: 'db_client_operation_duration_seconds',
      help: 'Duration of database client operations',
      labelNames: ['db_system_name', 'db_operation_name', 'db_collection_name', 'error_type'],
      buckets: [0.001, ...durationBuckets],
      maxSeries,
    })
  }

  ended(span: ReadableSpan, seconds: number, exemplar: SpanContext | undefined): void {
    const { attributes } = span
    const system = systemOf(attributes)
    let operation = dbOperationOf(attributes)
    let collection = collectionOf(attributes)
    const text = queryTextOf(attributes)
    if (text !== undefined && (operation === undefined || collection === undefined)) {
      const described = describeQuery(text)
      operation ??= described.operation
      if (!OTHER_LANGUAGES.has(system ?? '')) collection ??= textOf(described.collection)
    }
    this.#duration.observe([system, operation ?? '', collection ?? '', errorTypeOf(span)], seconds, exemplar)
  }
}

function collectionOf(attributes: Attributes): string | undefined {
  return textOf(
    attributes['db.collection.name'] ??
      attributes['db.sql.table'] ??
      attributes['db.mongodb.collection'] ??
      attributes['db.cassandra.table'],
  )
}
