/** The files that the dashboards are committed as; what people copy into their own Grafana. */
import { buildDashboards } from './index.ts'

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** Content of every generated file, by its path in the folder `grafana`. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const dashboards = Object.entries(buildDashboards())
  return new Map([
    ...dashboards.map(([name, { dashboard }]) => [`dashboards/${name}.json`, json(dashboard)] as const),
    ['expectations.json', json(dashboards.flatMap(([, { expectations }]) => expectations))],
  ])
}
