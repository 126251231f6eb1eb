import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type SpanNode, spanTrees } from './span-tree.ts'
import type { Span } from './types.ts'

function span(spanId: string, parentSpanId?: string): Span {
  return {
    traceId: '1'.repeat(32),
    spanId,
    parentSpanId,
    name: spanId,
    kind: 'internal',
    startMs: 0,
    durationMs: 1,
    status: 'unset',
    statusMessage: '',
    traceState: '',
    attributes: {},
    events: [],
    links: [],
    resource: {},
    serviceName: 's',
    scope: '',
  }
}

const flat = (nodes: readonly SpanNode[]): Span[] =>
  nodes.flatMap((node) => [node.span, ...flat(node.children)])

describe('spanTrees', () => {
  it('hangs every span below its parent and starts a tree where the parent is unknown', () => {
    const trees = spanTrees([span('a', 'elsewhere'), span('b', 'a'), span('c', 'b'), span('d')])
    expect(trees.map((node) => node.span.spanId)).toEqual(['a', 'd'])
    expect(trees[0]?.children[0]?.children[0]?.span.spanId).toBe('c')
  })

  it('has each span exactly once, whatever the order', () => {
    const spans = fc
      .array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 50 })
      .map((parents) =>
        parents.map((parent, at) => span(String(at), at === 0 ? undefined : String(parent % at))),
      )
    fc.assert(
      fc.property(
        spans.chain((all) => fc.shuffledSubarray(all, { minLength: all.length })),
        (all) => {
          expect(
            flat(spanTrees(all))
              .map((one) => one.spanId)
              .sort(),
          ).toEqual(all.map((one) => one.spanId).sort())
        },
      ),
    )
  })
})
