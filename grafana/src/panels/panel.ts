import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { type Backend, backend } from '../datasources.ts'

/**
 * When no data is right for a query, which otherwise means that something is broken:
 * - `healthy`: it asks for trouble, and there is none;
 * - `other-service`: it asks for something that not every service has; one value of `service` has to answer.
 */
export type EmptyWhen = 'healthy' | 'other-service'

export interface MayBeEmpty {
  readonly when: EmptyWhen
  /** Shown instead of "No data", so it says what the emptiness means. */
  readonly why: string
}

/** What every panel says of itself. */
export interface PanelText {
  readonly title: string
  /** What it shows, what is normal, and where to look next when it is not. */
  readonly description: string
  /** Columns of the 24. */
  readonly width: number
  /** Grid rows of 30 pixels. Default 8. */
  readonly height?: number
}

/** A query of a panel; `Target` is what the data source wants. */
export interface Target<Query = unknown> {
  readonly query: Builder<Query & TargetBuilt>
  readonly mayBeEmpty?: MayBeEmpty | undefined
}

interface TargetBuilt {
  refId?: string
  _implementsDataqueryVariant(): void
}

/** A panel, and which of its queries may answer nothing. */
export interface KitPanel {
  readonly panel: Panel
  readonly mayBeEmpty: ReadonlyMap<string, MayBeEmpty>
}

/** What the SDK's panel builders have in common, as far as it is used here. */
interface PanelBuilder extends Builder<Panel> {
  title(title: string): unknown
  description(description: string): unknown
  datasource(datasource: { type: string; uid: string }): unknown
  span(columns: number): unknown
  height(rows: number): unknown
  noValue(text: string): unknown
  targets(targets: Builder<TargetBuilt>[]): unknown
}

const refId = (index: number): string => String.fromCharCode('A'.charCodeAt(0) + index)

/** Puts what every panel has on a builder and builds it. Queries are named A, B, C… in their order. */
export function finish(
  builder: PanelBuilder,
  { title, description, width, height = 8 }: PanelText,
  source: Backend,
  targets: readonly Target[],
): KitPanel {
  builder.title(title)
  builder.description(description)
  builder.datasource(backend(source))
  builder.span(width)
  builder.height(height)
  const mayBeEmpty = new Map(
    targets.flatMap(({ mayBeEmpty }, index) => (mayBeEmpty ? [[refId(index), mayBeEmpty] as const] : [])),
  )
  const reasons = [...mayBeEmpty.values()]
  const [first] = reasons
  if (first && reasons.length === targets.length) builder.noValue(first.why)
  builder.targets(
    targets.map(({ query }, index) => ({
      build: () => ({ ...query.build(), refId: refId(index), datasource: backend(source) }),
    })),
  )
  return { panel: builder.build(), mayBeEmpty }
}
