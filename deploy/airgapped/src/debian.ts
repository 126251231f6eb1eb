import { existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'

/**
 * Unpacks Debian packages, with nothing of what they need, into a folder that becomes an image's root. They come from
 * the sources that apt is set up with, and are kept in `cache`.
 * @throws Error with the way out where there is no apt, or apt does not find one
 */
export async function unpackDebian(
  packages: readonly string[],
  target: string,
  cache: string,
): Promise<void> {
  const folder = join(cache, 'deb')
  await mkdir(folder, { recursive: true })
  for (const name of packages) {
    const file = (await find(folder, name)) ?? (await download(folder, name))
    await execa('dpkg-deb', ['--extract', join(folder, file), target])
  }
}

async function find(folder: string, name: string): Promise<string | undefined> {
  return (await readdir(folder)).find((file) => file.startsWith(`${name}_`))
}

async function download(folder: string, name: string): Promise<string> {
  if (!existsSync('/usr/bin/apt-get')) {
    throw new Error('air-gapped images are made of Debian packages: build them on Debian or in its container')
  }
  const result = await execa('apt-get', ['download', name], { cwd: folder, reject: false, all: true })
  const file = await find(folder, name)
  if (result.failed || file === undefined) {
    throw new Error(`apt-get has no package ${name} (run "apt-get update" first?):\n${result.all}`)
  }
  return file
}
