import type { KitPanel } from '../panels/panel.ts'

/** Panels under one heading, laid out from left to right in lines of 24 columns. */
export interface KitRow {
  readonly title: string
  readonly panels: readonly KitPanel[]
}
