import { TableCellDisplayMode } from '@grafana/grafana-foundation-sdk/common'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table'
import { byName, type Override } from '../colours.ts'
import type { Link } from '../links.ts'
import { finish, type KitPanel, type PanelText, type Step } from './panel.ts'

/** A column made of a label. */
interface LabelColumn {
  readonly label: string
  readonly header: string
  readonly link?: Link
}

/** A column made of the value of a query; the queries are joined by their common labels. */
interface ValueColumn {
  readonly expr: string
  readonly header: string
  readonly unit: string
  readonly thresholds?: readonly Step[]
}

interface TableOptions extends PanelText {
  readonly labels: readonly LabelColumn[]
  readonly values: readonly ValueColumn[]
  /** Header of the column by which rows are sorted, the largest first. */
  readonly sortBy?: string
  /** Values are left out: the labels say it all, the value only that it is so. */
  readonly labelsOnly?: boolean
}

function valueOverride({ header, unit, thresholds }: ValueColumn): Override {
  const coloured = thresholds
    ? [
        { id: 'custom.cellOptions', value: { type: TableCellDisplayMode.ColorText } },
        {
          id: 'thresholds',
          value: { mode: 'absolute', steps: thresholds.map(([value, color]) => ({ value, color })) },
        },
      ]
    : []
  return byName(header, { id: 'unit', value: unit }, ...coloured)
}

/**
 * A table of the present: one row per label set, one column per query.
 * Its rates are over a minute at least, as nobody sees from a single number that it is jumping.
 */
export function table(options: TableOptions): KitPanel {
  const { labels, values, sortBy, labelsOnly = false } = options
  const valueField = (index: number): string =>
    values.length === 1 ? 'Value' : `Value #${String.fromCharCode('A'.charCodeAt(0) + index)}`
  const renames = [
    ...labels.map(({ label, header }) => [label, header]),
    ...(labelsOnly ? [] : values.map(({ header }, index) => [valueField(index), header])),
  ]
  const builder = new PanelBuilder()
    .interval('1m')
    .unit('short')
    .overrides([
      ...labels.flatMap(({ header, link }) =>
        link ? [byName(header, { id: 'links', value: [{ title: link.title, url: link.url }] })] : [],
      ),
      ...values.map(valueOverride),
    ])
    .transformations([
      { id: 'merge', options: {} },
      {
        id: 'filterFieldsByName',
        options: { include: { names: renames.map(([field]) => field) } },
      },
      {
        id: 'organize',
        options: {
          indexByName: Object.fromEntries(renames.map(([field], index) => [field, index])),
          renameByName: Object.fromEntries(renames),
        },
      },
      ...(sortBy === undefined ? [] : [{ id: 'sortBy', options: { sort: [{ field: sortBy, desc: true }] } }]),
    ])
  const targets = values.map(({ expr, header }) => ({
    query: new DataqueryBuilder().expr(expr).legendFormat(header).instant().format(PromQueryFormat.Table),
  }))
  return finish(builder, options, 'prometheus', targets)
}
