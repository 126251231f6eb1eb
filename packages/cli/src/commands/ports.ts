import { join, resolve } from 'node:path'
import {
  movePublishedPorts,
  type PublishedPort,
  REPOSITORY_ROOT,
  readPublishedPorts,
} from '@faultline/runtime'
import { Command, Option } from 'commander'
import { columns } from '../format.ts'

interface PortsOptions {
  offset?: string
  file: string
  json?: true
}

export function portsCommand(): Command {
  return new Command('ports')
    .description(
      'Show the ports of the kit, which are the same in containers and without; with --offset, move all of them.',
    )
    .option('--offset <n>', 'write them to .env beside the compose file, moved by so many; 0 takes that back')
    .addOption(
      new Option('--file <file>', 'compose file').default(
        join(REPOSITORY_ROOT, 'docker-compose.yml'),
        "the kit's own",
      ),
    )
    .option('--json', 'as one JSON document')
    .addHelpText(
      'after',
      '\nExample:\n  npx faultline ports --offset 2000 && docker compose up -d --wait\n\nBeside a kit in containers that keeps its ports: npm start -- --port-offset 2000\n',
    )
    .action(ports)
}

async function ports({ offset, file, json }: PortsOptions): Promise<void> {
  const composeFile = resolve(file)
  const { ports: all, warnings } =
    offset === undefined
      ? { ports: await readPublishedPorts(composeFile), warnings: [] }
      : await movePublishedPorts(composeFile, offset)
  console.log(json ? JSON.stringify(all, null, 2) : table(all))
  for (const warning of warnings) console.error(`warning: ${warning}`)
  if (offset !== undefined)
    console.error(
      'They hold from the next start on, "npm start" and "docker compose … up -d --wait" with the files that you start it from.',
    )
}

function table(all: readonly PublishedPort[]): string {
  const rows = all.map(({ service, name, protocol, container, variable, published }) => [
    service,
    name,
    `${container}/${protocol}`,
    variable,
    String(published),
  ])
  return columns([['SERVICE', 'NAME', 'PORT', 'VARIABLE', 'AT NEXT START'], ...rows])
}
