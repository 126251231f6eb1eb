/** `npm run compose:generate`: writes closed.yml, so that a new service's ports are closed by default. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { z } from 'zod'

export const CLOSED_FILE = join(import.meta.dirname, 'closed.yml')
const COMPOSE_FILE = join(import.meta.dirname, '../../docker-compose.yml')

/** What people and programs from outside use: names of ports, by service. */
const OPEN: Readonly<Record<string, readonly string[]>> = {
  edge: ['http', 'https', 'http3'],
  collector: ['otlp-grpc', 'otlp-http'],
  grafana: ['http'],
}

const HEADER = `# Only what people and programs from outside use is published: the edge, Grafana and OTLP. Everything else is reached
# from containers alone, so \`verify\` and \`drill\` have nobody to ask on this machine. Written by \`npm run compose:generate\`.
#   docker compose -f docker-compose.yml -f deploy/compose/closed.yml up -d --wait
services:
`

const portSchema = z.looseObject({ name: z.string() })
const fileSchema = z.object({
  services: z.record(z.string(), z.object({ ports: z.array(portSchema).default([]) })),
})

/**
 * Text of closed.yml: of every service of docker-compose.yml that has ports to close, those that stay.
 * @throws ZodError when a port has no name
 */
export async function closedFile(): Promise<string> {
  const text = await readFile(COMPOSE_FILE, 'utf8')
  const { services } = fileSchema.parse(parse(text, { merge: true, maxAliasCount: -1 }))
  const closed = Object.entries(services).map(([name, { ports }]) => {
    const open = ports.filter((port) => OPEN[name]?.includes(port.name))
    if (open.length === ports.length) return ''
    if (open.length === 0) return `  ${name}: { ports: !reset [] }\n`
    const lines = open.map((port) => `      - ${stringify(port, { collectionStyle: 'flow', lineWidth: 0 })}`)
    return `  ${name}:\n    ports: !override\n${lines.join('')}`
  })
  return HEADER + closed.join('')
}

if (import.meta.main) await writeFile(CLOSED_FILE, await closedFile())
