import { type Context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import { SamplingDecision } from '@opentelemetry/sdk-trace'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deciding, Spans } from '../../test/metric-spans.ts'

/** Kinds of spans, with the metric that counts them. */
const TYPES = {
  request: { kind: SpanKind.SERVER, attributes: { 'http.request.method': 'GET' } },
  call: { kind: SpanKind.CLIENT, attributes: { 'http.request.method': 'GET' } },
  query: {
    kind: SpanKind.CLIENT,
    attributes: { 'db.system.name': 'postgresql', 'db.operation.name': 'SELECT' },
  },
  send: { kind: SpanKind.PRODUCER, attributes: { 'messaging.system': 'nats' } },
  process: { kind: SpanKind.CONSUMER, attributes: { 'messaging.system': 'nats' } },
  step: { kind: SpanKind.INTERNAL, attributes: {} },
} as const

const METRICS = {
  request: 'http_server_request_duration_seconds',
  call: 'http_client_request_duration_seconds',
  query: 'db_client_operation_duration_seconds',
  send: 'messaging_client_operation_duration_seconds',
  process: 'messaging_process_duration_seconds',
}

type Type = keyof typeof TYPES

interface Tree {
  readonly type: Type
  /** Called over the network: the parent is remote. */
  readonly isRemote: boolean
  readonly below: readonly Tree[]
}

const tree: fc.Memo<Tree> = fc.memo((depth) =>
  fc.record({
    type: fc.constantFrom(...(Object.keys(TYPES) as Type[])),
    isRemote: fc.boolean(),
    below: depth <= 1 ? fc.constant([]) : fc.array(tree(depth - 1), { maxLength: 3 }),
  }),
)

const OUTGOING: readonly Type[] = ['call', 'query', 'send']

/** What is to be counted, told by the rules from the tree alone. */
function expected(trees: readonly Tree[]): Record<string, number> {
  const counts: Record<string, number> = {}
  const visit = (node: Tree, localParent: Tree | undefined): void => {
    if (node.type !== 'step') {
      const isSecond = node.type === 'request' && localParent?.type === 'request'
      const isOuter = OUTGOING.includes(node.type) && hasInner(node.type, node.below)
      if (!isSecond && !isOuter) counts[node.type] = (counts[node.type] ?? 0) + 1
    }
    const parent = node.type === 'step' ? localParent : node
    for (const child of node.below) visit(child, child.isRemote ? undefined : parent)
  }
  for (const node of trees) visit(node, undefined)
  return counts
}

/** Whether one of the same class is within, with nothing but steps and other outgoing spans between. */
function hasInner(type: Type, below: readonly Tree[]): boolean {
  return below.some((child) => {
    if (child.isRemote) return false
    if (child.type === type) return true
    return (child.type === 'step' || OUTGOING.includes(child.type)) && hasInner(type, child.below)
  })
}

function build(spans: Spans, node: Tree, parent: Context): void {
  const caller = node.isRemote ? trace.getSpanContext(parent) : undefined
  const from = caller ? trace.setSpanContext(ROOT_CONTEXT, { ...caller, isRemote: true }) : parent
  spans.make(TYPES[node.type], node.isRemote && !caller ? ROOT_CONTEXT : from, (context) => {
    for (const child of node.below) build(spans, child, context)
  })
}

describe('random trees of spans', () => {
  it.each([SamplingDecision.RECORD, SamplingDecision.RECORD_AND_SAMPLED])(
    'are counted exactly, with decision %i',
    async (decision) => {
      await fc.assert(
        fc.asyncProperty(fc.array(tree(5), { maxLength: 3 }), async (trees) => {
          const spans = new Spans({}, deciding(decision))
          for (const node of trees) build(spans, node, ROOT_CONTEXT)
          const counts: Record<string, number> = {}
          for (const [type, metric] of Object.entries(METRICS)) {
            const total = (await spans.counts(metric)).reduce((sum, [, count]) => sum + count, 0)
            if (total > 0) counts[type] = total
          }
          expect(counts).toEqual(expected(trees))
          const active = await spans.samples('http_server_active_requests')
          expect(active.every(({ value }) => value === 0)).toBe(true)
          expect(await spans.samples('telemetry_span_metrics_errors_total')).toEqual([
            { labels: {}, value: 0 },
          ])
        }),
        { numRuns: 300 },
      )
    },
  )
})
