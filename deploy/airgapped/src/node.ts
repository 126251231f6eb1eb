import { copyFile, cp, mkdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { unpackDebian } from './debian.ts'
import { buildImage, layBase } from './image.ts'
import { imageMadeHere } from './images.ts'
import { NODE_LIBRARIES, nodeBinary } from './kit.ts'

/** What the Dockerfile calls. */
const APPLETS = ['chmod', 'chown', 'env', 'find', 'mkdir', 'rm', 'sh']
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt'

/**
 * Node, this machine's npm and a shell: a base on which the Dockerfile can be built where the official one is not had.
 * npm finds there the registry, and trusts the certificates, that it does here.
 */
export async function buildNode(folder: string, cache: string): Promise<void> {
  const root = join(folder, 'rootfs')
  await layBase(root)
  await unpackDebian([...NODE_LIBRARIES, 'busybox-static'], root, cache)
  for (const applet of APPLETS) await symlink('busybox', join(root, 'bin', applet))
  await mkdir(join(root, 'usr/bin'), { recursive: true })
  await symlink('/bin/env', join(root, 'usr/bin/env'))
  const local = join(root, 'usr/local')
  await mkdir(join(local, 'bin'), { recursive: true })
  await copyFile(nodeBinary(), join(local, 'bin/node'))
  const { stdout: modules } = await execa('npm', ['root', '--global'])
  await cp(join(modules, 'npm'), join(local, 'lib/node_modules/npm'), {
    recursive: true,
    verbatimSymlinks: true,
  })
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin/npm'))
  const { stdout: registry } = await execa('npm', ['config', 'get', 'registry'])
  const certificates = process.env.NODE_EXTRA_CA_CERTS
  if (certificates) {
    await mkdir(dirname(join(root, CERTIFICATES)), { recursive: true })
    await copyFile(certificates, join(root, CERTIFICATES))
  }
  await buildImage('node', folder, {
    ...imageMadeHere('node').expected,
    environment: {
      npm_config_registry: registry,
      ...(certificates && { NODE_EXTRA_CA_CERTS: CERTIFICATES }),
    },
  })
}
