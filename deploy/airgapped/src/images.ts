import { readFileSync } from 'node:fs'
import { z } from 'zod'

const ownerSchema = z.string().regex(/^\d+:\d+$/, 'is not UID:GID')

/** What compose relies on of an official image. */
export const imageSchema = z.strictObject({
  image: z.string(),
  version: z.string(),
  entrypoint: z.array(z.string()),
  /** Programs that compose's commands and entry points name. */
  executables: z.array(z.string().startsWith('/')),
  /** What the image runs as by itself. */
  user: ownerSchema,
  /** Folders that are there and whose owner a volume takes over when it is first used. */
  directories: z.array(
    z.strictObject({
      path: z.string().startsWith('/'),
      owner: ownerSchema,
      mode: z.string().regex(/^[0-7]{4}$/),
    }),
  ),
  ports: z.array(z.number().int()),
  shell: z.boolean(),
  environment: z.record(z.string(), z.string()).optional(),
  stopSignal: z.string().optional(),
  note: z.string().optional(),
  /** Where this was read. */
  source: z.url(),
})
export type OfficialImage = z.infer<typeof imageSchema>

const FILE = new URL('../../images.json', import.meta.url)

/** `deploy/images.json`, by name. */
export function officialImages(): Readonly<Record<string, OfficialImage>> {
  return z.record(z.string(), imageSchema).parse(JSON.parse(readFileSync(FILE, 'utf8')))
}

/** @throws Error when deploy/images.json does not have it */
export function officialImage(name: string): OfficialImage {
  const image = officialImages()[name]
  if (image === undefined) throw new Error(`deploy/images.json has no image "${name}"`)
  return image
}
