import { copyFile, cp, mkdir, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { buildImage, layBase, unpackDebian } from './image.ts'
import { imageMadeHere, kitImage } from './images.ts'

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url))
/** Shared libraries that Node is linked to. */
export const NODE_LIBRARIES = ['libc6', 'libgcc-s1', 'libstdc++6']
const SOURCE_ONLY = /(?:^|\/)(?:node_modules|test|dist)(?:\/|$)|\.test\.ts$/

/** The image of everything of the kit's own: what the Dockerfile makes on the official image of Node. */
export async function buildKit(folder: string, cache: string): Promise<void> {
  const root = join(folder, 'rootfs')
  const image = kitImage()
  const app = join(root, image.workdir)
  await layBase(root)
  await unpackDebian(NODE_LIBRARIES, root, cache)
  await mkdir(join(root, 'usr/local/bin'), { recursive: true })
  await copyFile(nodeBinary(), join(root, 'usr/local/bin/node'))
  await mkdir(app, { recursive: true })
  await copyTracked(app)
  // whatever umask it was checked out with
  await execa('chmod', ['-R', 'a+rX', app])
  // the same as in the Dockerfile
  await execa(
    'npm',
    [
      'ci',
      '--omit=dev',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      '--workspace=services',
      '--workspace=packages/embedded-store',
      '--workspace=packages/pager',
      '--workspace=packages/ready',
    ],
    { cwd: app, stdin: 'ignore' },
  )
  await buildImage('kit', folder, {
    ...image,
    user: '1000:1000',
    directories: [
      { path: '/data', owner: '1000:1000', mode: '0755' },
      { path: '/volumes/collector', owner: '10001:10001', mode: '0755' },
      { path: '/volumes/nats', owner: '65534:65534', mode: '0755' },
    ],
  })
}

/** The binary of npm `node`, which is what runs this. */
function nodeBinary(): string {
  const manifest = createRequire(import.meta.url).resolve('node/package.json')
  return join(dirname(manifest), 'bin/node')
}

/** What the repository keeps, so that no leftover of a working copy gets into an image. */
async function copyTracked(app: string): Promise<void> {
  const { stdout } = await execa(
    'git',
    [
      'ls-files',
      '--cached',
      '--others',
      '--exclude-standard',
      '-z',
      'package.json',
      'package-lock.json',
      '.npmrc',
      'packages',
      'services',
      '*/package.json',
    ],
    { cwd: REPOSITORY },
  )
  for (const file of stdout.split('\0').filter((name) => name !== '' && !SOURCE_ONLY.test(name))) {
    await cp(join(REPOSITORY, file), join(app, file), { verbatimSymlinks: true })
  }
}

/** What the Dockerfile calls. */
const APPLETS = ['chmod', 'chown', 'env', 'find', 'mkdir', 'rm', 'sh']
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt'

/**
 * Node, this machine's npm and a shell: a base on which the Dockerfile can be built where the official one is not
 * available. npm there finds the registry, and trusts the certificates, that it does here.
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
