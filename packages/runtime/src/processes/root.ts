import { randomUUID } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join, matchesGlob } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import type { ComposeService } from '../compose-file/service.ts'
import { placeOf } from '../compose-file/tree.ts'
import { environmentLacks, StackError, systemErrorCode, wrongUse } from '../errors.ts'
import type { StateLayout } from '../state/layout.ts'

/** What a service sees at its mounts' paths, below a folder of its own. */
interface ServiceRoot {
  readonly folder: string
  readonly service: ComposeService
  /** Files, by their path in a container, that are copied and rewritten. `*` stands for any name. */
  readonly rewrites: readonly string[]
  readonly rewrite: (text: string) => string
}

/** `<state>/root/<service>`: where a service's mounts are at the paths that they have in its container. */
export function rootFolder(layout: StateLayout, service: string): string {
  return join(layout.roots, service)
}

/**
 * Lays out a service's root: a link for each mount, and a copy of each file that holds addresses. What is there already
 * is kept, so that a second one at the same time finds it complete.
 * @throws StackError (environment) when a mounted file or folder is not there
 */
export async function layOutRoot(root: ServiceRoot, layout: StateLayout): Promise<void> {
  const { service, folder } = root
  await mkdir(folder, { recursive: true })
  for (const { type, source, target } of service.mounts) {
    const origin = type === 'volume' ? join(layout.data, source) : source
    if (type === 'volume') await mkdir(origin, { recursive: true })
    const place = join(folder, target)
    await mkdir(dirname(place), { recursive: true })
    try {
      await mirror(origin, target, place, root)
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw error
      throw environmentLacks(
        `${placeOf(service.at)}: service ${service.name} mounts ${origin}, which is not there`,
        error,
      )
    }
  }
}

/** Shows a file or folder at another place: as a link, unless something in it has to be rewritten. */
async function mirror(origin: string, path: string, place: string, root: ServiceRoot): Promise<void> {
  const found = await stat(origin)
  if (found.isFile() && root.rewrites.some((pattern) => matchesGlob(path, pattern))) {
    const text = rewritten(origin, await readFile(origin, 'utf8'), root)
    await removeLink(place)
    await writeFileAtomic(place, text)
  } else if (found.isDirectory() && root.rewrites.some((pattern) => pattern.startsWith(`${path}/`))) {
    await removeLink(place)
    await mkdir(place, { recursive: true })
    const entries = await readdir(origin)
    for (const entry of await readdir(place))
      if (!entries.includes(entry)) await rm(join(place, entry), { recursive: true })
    for (const entry of entries)
      await mirror(join(origin, entry), `${path}/${entry}`, join(place, entry), root)
  } else {
    await link(origin, place)
  }
}

function rewritten(origin: string, text: string, { rewrite }: ServiceRoot): string {
  try {
    return rewrite(text)
  } catch (error) {
    // which names the service
    throw error instanceof StackError ? wrongUse(`${origin}: ${error.message}`) : error
  }
}

async function removeLink(place: string): Promise<void> {
  const found = await lstat(place).catch(() => undefined)
  if (found?.isSymbolicLink() === true) await rm(place)
}

async function link(origin: string, place: string): Promise<void> {
  const found = await lstat(place).catch(() => undefined)
  if (found?.isSymbolicLink() === true && (await readlink(place)) === origin) return
  // what was laid out for other mounts; a link is removed, never what it leads to
  if (found !== undefined && !found.isSymbolicLink()) await rm(place, { recursive: true })
  const unfinished = `${place}.${randomUUID()}`
  await symlink(origin, unfinished)
  await rename(unfinished, place)
}
