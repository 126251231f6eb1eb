import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { type Backend, backend } from '../variables.ts'

/**
 * When no data is right for a query, which otherwise means that something is broken:
 * - `healthy`: it asks for trouble, and there is none;
 * - `other-service`: it asks for something that not every service has; one value of `service` has to answer.
 */
export interface MayBeEmpty {
  readonly when: 'healthy' | 'other-service'
  /** Shown instead of "No data", so it says what the emptiness means. */
  readonly why: string
}

/** What panels may be given in place of what their row says. */
interface Size {
  /** Columns of the 24. */
  readonly width?: number
  /** Grid rows of 30 pixels. */
  readonly height?: number
}

/** What every panel says of itself. */
export interface PanelText extends Size {
  readonly title: string
  /** What it shows, what is normal, and where to look next when it is not. */
  readonly description: string
  /** Holds for all queries of the panel. */
  readonly mayBeEmpty?: MayBeEmpty
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
  readonly size: Size
  readonly mayBeEmpty: ReadonlyMap<string, MayBeEmpty>
}

/** Panels under one heading, laid out from left to right in lines of 24 columns. */
export interface KitRow extends Size {
  readonly title: string
  readonly panels: readonly KitPanel[]
}

/** Colour from a value on; the first step holds from minus infinity and has no value. */
export type Step = readonly [from: number | null, colour: string]

/** A colour, and others from a value on. `transparent` below draws lines only. */
export const steps = (below: string, ...above: readonly Step[]): readonly Step[] => [[null, below], ...above]

/** What the SDK's panel builders have in common, as far as it is used here. */
interface PanelBuilder extends Builder<Panel> {
  title(title: string): unknown
  description(description: string): unknown
  datasource(datasource: { type: string; uid: string }): unknown
  span(columns: number): unknown
  noValue(text: string): unknown
  targets(targets: Builder<TargetBuilt>[]): unknown
}

/** Of the grid. */
export const columns = 24

const refId = (index: number): string => String.fromCharCode('A'.charCodeAt(0) + index)

/** Puts what every panel has on a builder and builds it. Queries are named A, B, C… in their order. */
export function finish(
  builder: PanelBuilder,
  options: PanelText,
  source: Backend,
  targets: readonly Target[],
): KitPanel {
  const { title, description } = options
  builder.title(title)
  builder.description(description)
  builder.datasource(backend(source))
  // The row has the last word; what is set here gives `gridPos` its place in the JSON.
  builder.span(columns)
  const mayBeEmpty = new Map(
    targets.flatMap((target, index) => {
      const reason = target.mayBeEmpty ?? options.mayBeEmpty
      return reason ? [[refId(index), reason] as const] : []
    }),
  )
  const [first] = mayBeEmpty.values()
  if (first && mayBeEmpty.size === targets.length) builder.noValue(first.why)
  builder.targets(
    targets.map(({ query }, index) => ({
      build: () => ({ ...query.build(), refId: refId(index), datasource: backend(source) }),
    })),
  )
  return { panel: builder.build(), size: options, mayBeEmpty }
}
