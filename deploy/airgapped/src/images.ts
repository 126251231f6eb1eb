import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { programSchema } from '@faultline/runtime'
import { z } from 'zod'

const ownerSchema = z.string().regex(/^\d+:\d+$/, 'is not UID:GID')
const pathSchema = z.string().startsWith('/')

/** What compose and plain processes rely on of an official image. */
export const imageSchema = z.strictObject({
  /** With its registry, as podman does not guess one. */
  image: z.string().regex(/^[^/]+[.:][^/]+\//, 'does not begin with a registry'),
  version: z.string(),
  /** Where this tag was seen in public. */
  seen: z.strictObject({
    where: z.string(),
    /** The day, or at least the month. */
    date: z.string().regex(/^\d{4}-\d{2}(-\d{2})?$/),
    /** What the tag stood for there: `docker manifest inspect IMAGE@DIGEST` always finds it. */
    digest: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/)
      .optional(),
  }),
  entrypoint: z.array(z.string()),
  /** Programs that compose's commands and entry points name. */
  executables: z.array(pathSchema),
  /** What the image runs as by itself, by number. */
  user: ownerSchema,
  /** What its USER line says, where that is not the number; empty where it has none. */
  userLine: z.string().optional(),
  /** Folders that are there and whose owner a volume takes over when it is first used. */
  directories: z.array(
    z.strictObject({ path: pathSchema, owner: ownerSchema, mode: z.string().regex(/^[0-7]{4}$/) }),
  ),
  /** Its VOLUME lines. Where compose mounts nothing, the engine makes a volume without a name, which `down` leaves. */
  volumes: z.array(pathSchema),
  /** Folders that its program writes to when it runs with the kit's configuration. */
  writes: z.array(pathSchema),
  /** Its EXPOSE lines. */
  ports: z.array(z.string().regex(/^\d+\/(?:tcp|udp)$/, 'is not PORT/tcp or PORT/udp')),
  shell: z.boolean(),
  environment: z.record(z.string(), z.string()).optional(),
  stopSignal: z.string().optional(),
  /** What runs in its place where there are no containers; absent of an image that is only a base. */
  program: programSchema.optional(),
  /** Mounted files with addresses in them, which plain processes are given with other ones; `*` stands for any name. */
  rewrites: z.array(pathSchema).optional(),
  note: z.string().optional(),
  /** Where this was read. */
  source: z.url(),
})
export type OfficialImage = z.infer<typeof imageSchema>

/** The image of everything of the kit's own, which the Dockerfile makes. */
const kitSchema = z.strictObject({
  image: z.string(),
  version: z.string(),
  entrypoint: z.array(z.string()),
  executables: z.array(pathSchema),
  /** The repository's root, where it is started. */
  workdir: pathSchema,
  environment: z.record(z.string(), z.string()),
  program: programSchema,
})
const listSchema = z.object({ kit: kitSchema.optional() }).catchall(imageSchema)

const FILE = fileURLToPath(new URL('../../images.json', import.meta.url))

type Images = Readonly<Record<string, OfficialImage>>

/** @throws Error that names the file when it cannot be read or is not of that form */
function readList(file: string): z.infer<typeof listSchema> {
  let listed: unknown
  try {
    listed = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new Error(`${file} cannot be read: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    })
  }
  const { data, error } = listSchema.safeParse(listed)
  if (error !== undefined) throw new Error(`${file} does not list images:\n${z.prettifyError(error)}`)
  return data
}

/**
 * The official images of `deploy/images.json` or another file like it, by name.
 *
 * @throws Error that names the file when it cannot be read or is not of that form
 */
export function officialImages(file = FILE): Images {
  const { kit: _, ...official } = readList(file)
  return official
}

/** What `deploy/images.json` says of the kit's own image. */
export function kitImage(): z.infer<typeof kitSchema> {
  const { kit } = readList(FILE)
  if (kit === undefined) throw new Error('deploy/images.json has no image "kit"')
  return kit
}

/** @throws Error when the list does not have it */
export function officialImage(name: string, images = officialImages()): OfficialImage {
  const image = images[name]
  if (image === undefined) throw new Error(`deploy/images.json has no image "${name}"`)
  return image
}

type Deviation = Partial<Pick<OfficialImage, 'entrypoint' | 'user' | 'environment'>> & {
  readonly why: string
}

/** What the images made here do not do as the official ones do. */
const DEVIATIONS: Readonly<Record<string, Deviation>> = {
  node: {
    entrypoint: [],
    why: 'a base for the Dockerfile, which has an entry point of its own',
  },
  postgres: {
    user: '999:999',
    environment: { LANG: 'C.UTF-8' },
    why: 'its entry point does not step down from root; C.UTF-8 is the locale that Debian ships compiled',
  },
  valkey: {
    entrypoint: [],
    user: '999:999',
    why: 'Debian’s Redis, without the script that steps down from root',
  },
}

/** An image made here. */
export interface ImageMadeHere {
  /** Like the official one but for its deviations, and with a USER line that is always the number. */
  readonly expected: OfficialImage
  /** The reason of its deviations. */
  readonly why?: string
}

/** @throws Error when the list does not have the image that it stands in for */
export function imageMadeHere(name: string, images = officialImages()): ImageMadeHere {
  const { userLine: _, ...official } = officialImage(name, images)
  const { why, ...deviation }: Partial<Deviation> = DEVIATIONS[name] ?? {}
  const environment = { ...official.environment, ...deviation.environment }
  return { expected: { ...official, ...deviation, environment }, ...(why !== undefined && { why }) }
}
