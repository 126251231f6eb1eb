import type { Labels } from '../prometheus/types.ts'

/** What Grafana says about itself. */
export interface GrafanaHealth {
  readonly version: string
  /** `ok` while its own database answers. */
  readonly database: string
}

/** What a data source's own check says about the backend behind it. */
export interface DataSourceHealth {
  /** `OK`; anything else (`ERROR`, `UNKNOWN`) means that the backend cannot be queried. */
  readonly status: string
  readonly message: string
}

export interface FoundDashboard {
  readonly uid: string
  readonly title: string
  /** Empty at the root. */
  readonly folderUid: string
}

/** What whoever asks may do: scopes by action. An action that needs no scope has none or an empty one. */
export type Permissions = Readonly<Record<string, readonly string[]>>

/** A query for a data source: its own fields, as a panel has them. */
export interface GrafanaQuery {
  /** Names the query within its request. */
  readonly refId: string
  readonly datasource: { readonly type: string; readonly uid: string }
  readonly [field: string]: unknown
}

/** A column of a frame. */
export interface FrameField {
  readonly name: string
  /** `time`, `number`, `string`, `boolean`, `other` … */
  readonly type: string
  readonly labels: Labels
  /** One a row. Null also stands for NaN and the infinities, which JSON does not have. */
  readonly values: readonly unknown[]
}

/** A table, as Grafana's panels draw it: what every data source makes of its backend's answer. */
export interface Frame {
  readonly name: string
  readonly fields: readonly FrameField[]
}

/** What a query gave; `error` says why it gave nothing. */
export interface QueryFrames {
  readonly frames: readonly Frame[]
  readonly error: string | undefined
}
