import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { unpackDebian } from './debian.ts'
import { buildImage, layBase } from './image.ts'
import { imageMadeHere } from './images.ts'

/** Debian's Alertmanager, without its page: the Go module of a release lacks that, and does not build. */
export async function buildAlertmanager(folder: string, cache: string): Promise<void> {
  const root = join(folder, 'rootfs')
  await layBase(root)
  await unpackDebian(['libc6', 'prometheus-alertmanager'], root, cache)
  await mkdir(join(root, 'bin'), { recursive: true })
  await symlink('/usr/bin/prometheus-alertmanager', join(root, 'bin/alertmanager'))
  await symlink('/usr/bin/amtool', join(root, 'bin/amtool'))
  await buildImage('alertmanager', folder, imageMadeHere('alertmanager').expected)
}
