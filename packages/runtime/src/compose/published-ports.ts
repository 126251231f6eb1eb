import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { environmentLacks, messageOf, wrongUse } from '../errors.ts'
import { HIGHEST_PORT, isFree, maxOffset, outgoingPorts, portOffset, suggestOffset } from '../ports.ts'
import { composeEnvironment, writeOwnSettings } from './env-file.ts'

/** A port that a compose file publishes. */
export interface PublishedPort {
  readonly service: string
  /** Its name in the service. */
  readonly name: string
  readonly protocol: string
  /** Number in the container. */
  readonly container: number
  /** The variable that moves it. */
  readonly variable: string
  /** Number on this machine where the variable is not set. */
  readonly default: number
  /** Number on this machine at the next start, without a port offset. */
  readonly published: number
}
type PortDefinition = Omit<PublishedPort, 'published'>

const PUBLISHED = /^\$\{(?<variable>[A-Z][A-Z0-9_]*):-(?<port>\d+)\}$/
const portSchema = z.looseObject({
  name: z.string(),
  target: z.number(),
  published: z.string().regex(PUBLISHED),
  protocol: z.string().default('tcp'),
})
const fileSchema = z.looseObject({
  services: z.record(
    z.string(),
    z.looseObject({
      ports: z.array(z.unknown()).default([]),
      expose: z.array(z.coerce.number()).default([]),
    }),
  ),
})

/**
 * The ports of a compose file, with the numbers that compose would give them now.
 * @param own variables of `.env` to be taken as if they were written
 * @throws StackError (environment) when the file cannot be read; (wrong use) when one of its ports has no variable, or
 * a variable is set to what is no port
 */
export async function readPublishedPorts(
  composeFile: string,
  environment?: NodeJS.Dict<string>,
  own?: Readonly<Record<string, number>>,
): Promise<readonly PublishedPort[]> {
  const values = await composeEnvironment(dirname(composeFile), environment, own)
  return (await readDefinitions(composeFile)).definitions.map((port) => {
    // as `:-` has it, what is set to nothing counts as not set
    const value = values[port.variable] || String(port.default)
    if (/^\d+$/.test(value) && Number(value) > 0 && Number(value) <= HIGHEST_PORT) {
      return { ...port, published: Number(value) }
    }
    throw wrongUse(
      `${port.variable} is "${value}", which is no port: unset it in the environment, or mend its line in .env beside ${composeFile}`,
    )
  })
}

/**
 * Moves every port of a compose file by one offset: writes the variables to `.env` beside it; 0 takes them out again.
 * @returns the ports as they are then, and what may come in their way, for people
 * @throws StackError (wrong use) when the offset is not a whole number, or a port would be above 65535
 */
export async function movePublishedPorts(
  composeFile: string,
  offsetText: string,
  environment?: NodeJS.Dict<string>,
): Promise<{ ports: readonly PublishedPort[]; warnings: readonly string[] }> {
  const { definitions, exposed } = await readDefinitions(composeFile)
  const offset = portOffset(offsetText, maxOffset(definitions.map((port) => port.default)))
  const moved = Object.fromEntries(definitions.map((port) => [port.variable, port.default + offset]))
  const own = offset === 0 ? {} : moved
  const ports = await readPublishedPorts(composeFile, environment, own)
  await writeOwnSettings(dirname(composeFile), own)
  const kept = [...ports.map((port) => port.default), ...exposed]
  return { ports, warnings: await warningsAbout(ports, offset, kept) }
}

/** The ports that a file publishes, and the numbers of those that only its services reach. */
async function readDefinitions(
  composeFile: string,
): Promise<{ definitions: readonly PortDefinition[]; exposed: readonly number[] }> {
  const { services } = await readComposeFile(composeFile)
  const definitions = Object.entries(services).flatMap(([service, { ports }]) =>
    ports.map((entry) => {
      const parsed = portSchema.safeParse(entry)
      const { variable = '', port = '' } = PUBLISHED.exec(parsed.data?.published ?? '')?.groups ?? {}
      if (parsed.success) {
        const { name, protocol, target } = parsed.data
        return { service, name, protocol, container: target, variable, default: Number(port) }
      }
      throw wrongUse(
        `${composeFile}: a port of ${service} cannot be moved (${JSON.stringify(entry)}); write it as { name: …, target: …, published: "\${VARIABLE:-PORT}" }`,
      )
    }),
  )
  return { definitions, exposed: Object.values(services).flatMap(({ expose }) => expose) }
}

async function readComposeFile(file: string): Promise<z.infer<typeof fileSchema>> {
  try {
    return fileSchema.parse(parse(await readFile(file, 'utf8'), { merge: true }))
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error)
    throw environmentLacks(`cannot read the compose file ${file}: ${why}`, error)
  }
}

/** @param kept what the kit takes where it is not moved */
async function warningsAbout(
  ports: readonly PublishedPort[],
  offset: number,
  kept: readonly number[],
): Promise<readonly string[]> {
  const warnings: string[] = []
  const warn = (found: readonly PublishedPort[], text: string): void => {
    if (found.length === 0) return
    warnings.push(
      `${found.map((port) => `${port.published} (${port.service}, ${port.name})`).join(', ')}: ${text}`,
    )
  }
  const isMoved = (port: PublishedPort): boolean => port.published === port.default + offset
  warn(
    ports.filter((port) => !isMoved(port)),
    'not moved, because the environment or another line of .env sets the variable',
  )
  const numbers = ports.map(({ published, protocol }) => `${published}/${protocol}`)
  warn(
    ports.filter((_, at) => numbers.indexOf(numbers[at] ?? '') !== numbers.lastIndexOf(numbers[at] ?? '')),
    'the same number, which only one of them can have',
  )
  if (offset === 0) return warnings
  const taken: PublishedPort[] = []
  for (const port of ports.filter(isMoved)) if (!(await isFree(port.published))) taken.push(port)
  warn(taken, 'in use now; unless it is by this kit itself, stop what holds it or take another offset')
  const better = await suggestOffset(kept, isFree)
  const advice = better === undefined ? '' : `; an offset of ${better} has no such port`
  warn(
    ports.filter(({ published }) => kept.includes(published)),
    `a kit that is not moved takes it, so not both can run${advice}`,
  )
  const [lowest, highest] = await outgoingPorts()
  warn(
    ports.filter(({ published }) => published >= lowest && published <= highest),
    `outgoing connections of this machine take ports from ${lowest} to ${highest}, so it may be taken at a start${advice}`,
  )
  return warnings
}
