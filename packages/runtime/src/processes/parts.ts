import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { BINARY_NAMES, REPOSITORY_ROOT } from '@faultline/toolchain'
import { z } from 'zod'
import { composeEnvironment } from '../compose/env-file.ts'
import { type ComposeModel, readComposeFiles } from '../compose-file/read.ts'
import type { ComposeService } from '../compose-file/service.ts'
import { placeOf } from '../compose-file/tree.ts'
import { wrongUse } from '../errors.ts'

/** The description of the kit, and what differs without containers; from the repository's root. */
export const KIT_FILES = ['docker-compose.yml', 'deploy/processes.yml'] as const

const FILES = KIT_FILES.map((file) => join(REPOSITORY_ROOT, file))

/**
 * The kit as plain processes: its files with overlays merged over them. Variables are taken, as compose does, from the
 * environment and from `.env` beside the file.
 * @param overlays absolute paths
 * @param variables that win over those
 * @throws StackError naming file and line of what is wrong
 */
export async function readKit(
  overlays: readonly string[],
  variables: NodeJS.Dict<string>,
): Promise<ComposeModel> {
  const all = { ...(await composeEnvironment(REPOSITORY_ROOT)), ...variables }
  const model = await readComposeFiles([...FILES, ...overlays], all)
  return overlays.length === 0 ? model : withAllPorts(model, await readComposeFiles(FILES, all))
}

/** A port that an overlay no longer publishes is closed to this machine in containers; a process has it all the same. */
function withAllPorts(model: ComposeModel, before: ComposeModel): ComposeModel {
  const withPorts = (service: ComposeService): ComposeService => {
    const closed = (before.services.get(service.name)?.ports ?? []).filter(
      ({ target, protocol }) =>
        !service.ports.some((port) => port.target === target && port.protocol === protocol),
    )
    return { ...service, ports: [...service.ports, ...closed] }
  }
  return { ...model, services: new Map([...model.services].map(([name, one]) => [name, withPorts(one)])) }
}

const IMAGES = 'deploy/images.json'

/** What runs in an image's place where there are no containers. */
export const programSchema = z.strictObject({
  /** A program that the toolchain finds, or `node`: the one that runs this. */
  binary: z.enum(['node', ...BINARY_NAMES]).exactOptional(),
  /** What a program needs beyond a command and an environment. */
  adapter: z.enum(['postgres', 'grafana']).exactOptional(),
  /** Only where it is installed: it is never built, and the kit runs without it. */
  optional: z.boolean().exactOptional(),
})

/** What the kit relies on about an image, as far as a plain process needs it. */
export const imageSchema = z.looseObject({
  image: z.string(),
  entrypoint: z.array(z.string()),
  executables: z.array(z.string()),
  environment: z.record(z.string(), z.string()).default({}),
  stopSignal: z.string().exactOptional(),
  /** Folder of the image that the repository stands in; the program is started there. */
  workdir: z.string().exactOptional(),
  program: programSchema.exactOptional(),
  /** Files, by their path in a container, that hold addresses. `*` stands for any name. */
  rewrites: z.array(z.string()).default([]),
})

export type Image = z.infer<typeof imageSchema>
export type Program = z.infer<typeof programSchema>

/** What deploy/images.json says, by the name of the image. */
export type Images = ReadonlyMap<string, Image>

export async function readImages(): Promise<Images> {
  const text = await readFile(join(REPOSITORY_ROOT, IMAGES), 'utf8')
  const images = z.record(z.string(), imageSchema).parse(JSON.parse(text))
  return new Map(Object.values(images).map((image) => [image.image, image]))
}

/**
 * The image of a service, with its program.
 * @throws StackError (wrong use) when none is known
 */
export function programOf(service: ComposeService, images: Images): Image & { program: Program } {
  const image = images.get(service.image)
  if (image?.program !== undefined) return { ...image, program: image.program }
  const known = [...images.values()].filter(({ program }) => program !== undefined).map(({ image }) => image)
  throw wrongUse(
    `${placeOf(service.at)}: service ${service.name} has the image ${service.image}, for which no program is known without containers; say in ${IMAGES} which one ("program"), run the kit with docker compose, or leave the service out (profiles: [containers] in deploy/processes.yml). Known are ${known.sort().join(', ')}`,
  )
}

/** The arguments of a service's program: what stands behind its name in entry point and command. */
export function argumentsOf(service: ComposeService, { entrypoint, executables }: Image): readonly string[] {
  const names = new Set([...entrypoint, ...executables].map((path) => basename(path)))
  const whole = [...entrypoint, ...service.command]
  const first = whole.findIndex((word) => !names.has(basename(word)))
  return first === -1 ? [] : whole.slice(first)
}

/** A service that runs here. */
export interface Part {
  readonly service: ComposeService
  readonly image: Image & { readonly program: Program }
  /** Services without a program here, in whose place it runs. */
  readonly standsInFor: readonly string[]
}

/** Which services of the files run as plain processes. */
export interface Parts {
  readonly running: readonly Part[]
  /** The part that answers for a service: itself, or what stands in for it; undefined where it is absent. */
  inPlaceOf(service: string): Part | undefined
}

/**
 * Decides what runs: services without a profile that have a program here; what stands in for another, only where that
 * one has none.
 * @param isInstalled tells of a program that is never built whether it is there
 * @throws StackError (wrong use) naming a service whose image has no known program
 */
export function partsOf(
  { services }: ComposeModel,
  images: Images,
  isInstalled: (binary: string) => boolean,
): Parts {
  const asked = [...services.values()].filter(({ profiles }) => profiles.length === 0)
  const withProgram = asked.map((service) => ({ service, image: programOf(service, images) }))
  const present = withProgram.filter(
    ({ image: { program } }) => program.optional !== true || isInstalled(program.binary ?? ''),
  )
  const isAbsent = (name: string): boolean =>
    asked.some((service) => service.name === name) && !present.some(({ service }) => service.name === name)
  const running = present.flatMap(({ service, image }): readonly Part[] => {
    const names = Object.keys(service.standsInFor)
    const standsInFor = names.filter(isAbsent)
    return names.length > 0 && standsInFor.length === 0 ? [] : [{ service, image, standsInFor }]
  })
  return {
    running,
    inPlaceOf: (name) =>
      running.find(({ service, standsInFor }) => service.name === name || standsInFor.includes(name)),
  }
}

/** A part's variables, without those that are about a service that is absent, or one that needs no stand-in. */
export function variablesOf(part: Part, parts: Parts): Readonly<Record<string, string>> {
  const { environment, needs, standsInFor } = part.service
  const idle = Object.entries(standsInFor).flatMap(([name, variables]) =>
    part.standsInFor.includes(name) ? [] : variables,
  )
  return Object.fromEntries(
    Object.entries(environment).filter(([variable]) => {
      const needed = needs[variable]
      return !idle.includes(variable) && (needed === undefined || parts.inPlaceOf(needed) !== undefined)
    }),
  )
}
