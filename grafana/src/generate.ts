/** `npm run grafana:generate`: writes the dashboards' JSON, which people copy into their own Grafana, from their code. */
import { writeFileSync } from 'node:fs'
import { messaging } from './dashboards/messaging.ts'
import { overview } from './dashboards/overview.ts'
import { security } from './dashboards/security.ts'
import { service } from './dashboards/service.ts'

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** Content of every generated file, by its path in the folder `grafana`. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const dashboards = Object.entries({ overview, service, messaging, security })
  return new Map([
    ...dashboards.map(([name, { dashboard }]) => [`dashboards/${name}.json`, json(dashboard)] as const),
    ['expectations.json', json(dashboards.flatMap(([, { expectations }]) => expectations))],
  ])
}

if (import.meta.main) {
  for (const [path, content] of generatedFiles()) {
    writeFileSync(new URL(`../${path}`, import.meta.url), content)
    console.log(`grafana/${path}`)
  }
}
