import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { BINARY_NAMES, REPOSITORY_ROOT } from '@faultline/toolchain'
import { z } from 'zod'
import { type ComposeService, placeOf } from '../compose-file/model.ts'
import { wrongUse } from '../errors.ts'

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
