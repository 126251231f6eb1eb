/** `npm run topology:generate`: writes generated/topology.ts, the names and numbers that TypeScript may know of the kit. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { REPOSITORY_ROOT } from '@faultline/toolchain'
import { z } from 'zod'
import { type ComposeModel, readComposeFiles } from './compose-file/read.ts'
import { StackError, wrongUse } from './errors.ts'
import { KIT_FILES } from './processes/parts.ts'

export const TOPOLOGY_FILE = join(import.meta.dirname, 'generated/topology.ts')

const PROXY_FILE = 'backends/toxiproxy/proxies.json'
const address = z
  .string()
  .regex(/^[^:]+:\d+$/)
  .transform((text) => ({ host: text.replace(/:.*/, ''), port: Number(text.replace(/.*:/, '')) }))
const proxiesSchema = z.array(z.object({ name: z.string(), listen: address, upstream: address }))

/**
 * Text of generated/topology.ts, from the compose files as they are with no variable set.
 * @throws StackError (wrong use) naming what is wrong in the files
 */
export async function topologySource(): Promise<string> {
  const files = KIT_FILES.map((file) => join(REPOSITORY_ROOT, file))
  const model = await readComposeFiles(files, {})
  const proxies = proxiesSchema.parse(JSON.parse(await readFile(join(REPOSITORY_ROOT, PROXY_FILE), 'utf8')))
  return `/**
 * What ${KIT_FILES.join(' and ')} say of the kit, and ${PROXY_FILE}, with no
 * variable set. Written by \`npm run topology:generate\`.
 */

/** Every service with the numbers that its named TCP ports have in a container. */
export const SERVICES = ${literal(servicesOf(model))} as const

/** Services by the \`service.name\` of their telemetry. */
export const REPLICAS = ${literal(replicasOf(model))} as const

/** Every proxy: the port of Toxiproxy that it listens on, and the service and port that it leads to. */
export const PROXIES = ${literal(proxiesOf(model, proxies))} as const

/** The highest port of the kit on this machine. */
export const HIGHEST_DEFAULT_PORT = ${Math.max(...allPorts(model))}

/** Connection URL of the database's owner, as containers have it. */
export const DATABASE_OWNER_URL = ${literal(databaseOwnerUrl(model))}
`
}

function servicesOf({ services }: ComposeModel): Record<string, Record<string, number>> {
  return Object.fromEntries(
    [...services.values()].map(({ name, ports }) => {
      const tcp = ports.filter(({ protocol }) => protocol === 'tcp')
      return [name, Object.fromEntries(tcp.map((port) => [port.name, port.target]))]
    }),
  )
}

function replicasOf({ services }: ComposeModel): Record<string, readonly string[]> {
  const named = [...services.values()].filter(({ environment }) => environment.OTEL_SERVICE_NAME)
  const groups = Map.groupBy(named, ({ environment }) => environment.OTEL_SERVICE_NAME ?? '')
  return Object.fromEntries([...groups].map(([name, all]) => [name, all.map((service) => service.name)]))
}

function proxiesOf(
  { services }: ComposeModel,
  proxies: z.infer<typeof proxiesSchema>,
): Record<string, { listen: number; service: string; port: string }> {
  return Object.fromEntries(
    proxies.map(({ name, listen, upstream: { host, port } }) => {
      const target = services.get(host)?.ports.find((known) => known.target === port)
      if (target !== undefined) return [name, { listen: listen.port, service: host, port: target.name }]
      throw wrongUse(
        `${PROXY_FILE}: the proxy ${name} leads to ${host}:${port}, which is no port of a service of ${KIT_FILES[0]}`,
      )
    }),
  )
}

const allPorts = ({ services }: ComposeModel): readonly number[] =>
  [...services.values()].flatMap(({ ports, expose }) => [
    ...ports.map(({ published }) => published),
    ...expose,
  ])

function databaseOwnerUrl({ services }: ComposeModel): string {
  const urls = new Set(
    [...services.values()].flatMap(({ environment }) => environment.DATABASE_OWNER_URL ?? []),
  )
  const [url] = urls
  if (url !== undefined && urls.size === 1) return url
  throw wrongUse(`${KIT_FILES[0]}: DATABASE_OWNER_URL must be there, and be the same everywhere`)
}

const literal = (value: unknown): string => JSON.stringify(value, null, 2)

if (import.meta.main) {
  try {
    await writeFile(TOPOLOGY_FILE, await topologySource())
  } catch (error) {
    if (!(error instanceof StackError)) throw error
    console.error(error.message)
    process.exitCode = error.exitCode
  }
}
