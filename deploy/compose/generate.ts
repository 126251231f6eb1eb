/** Writes what docker-compose.yml mounts and what is made of other files: `npm run compose:generate`. */
import { writeFile } from 'node:fs/promises'
import { composeProxies } from '@faultline/stack'

const at = (path: string): string => new URL(path, import.meta.url).pathname

await writeFile(at('proxies.json'), await composeProxies(at('../../backends/toxiproxy/proxies.json')))
