/** Writes what docker-compose.yml mounts and what is made of other files: `npm run compose:generate`. */
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { composeProxies } from '@faultline/runtime'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

await writeFile(
  at('toxiproxy/proxies.json'),
  await composeProxies(at('../../backends/toxiproxy/proxies.json')),
)
