/** `npm run grafana:generate`: writes the dashboards' JSON from their code. */
import { writeFileSync } from 'node:fs'
import { generatedFiles } from './files.ts'

for (const [path, content] of generatedFiles()) {
  writeFileSync(new URL(`../${path}`, import.meta.url), content)
  console.log(`grafana/${path}`)
}
