import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { kitImage, type OfficialImage } from './images.ts'

/** Repository of the tags of air-gapped images. */
const REPOSITORY = 'faultline-airgapped'

/** Name under which compose finds an image made here: that of the kit is the one that docker-compose.yml names. */
export function tagOf(name: string): string {
  if (name !== 'kit') return `${REPOSITORY}/${name}`
  const { image, version } = kitImage()
  return `${image}:${version}`
}

/** What a Dockerfile says beside the files. */
export type Settings = Pick<
  OfficialImage,
  'entrypoint' | 'user' | 'directories' | 'environment' | 'stopSignal'
> &
  Partial<Pick<OfficialImage, 'volumes' | 'ports'>> & { readonly workdir?: string }

const PASSWD = [
  'root:x:0:0:root:/:/sbin/nologin',
  'postgres:x:999:999::/var/lib/postgresql:/bin/sh',
  'kit:x:1000:1000::/:/sbin/nologin',
  'app:x:10001:10001::/:/sbin/nologin',
  'nobody:x:65534:65534:nobody:/:/sbin/nologin',
]

/** Lays the files that every image has into a root folder. */
export async function layBase(root: string): Promise<void> {
  for (const folder of ['etc', 'tmp', 'run']) await mkdir(join(root, folder), { recursive: true })
  await chmod(join(root, 'tmp'), 0o1777)
  await writeFile(join(root, 'etc/passwd'), `${PASSWD.join('\n')}\n`)
  const groups = PASSWD.map((line) => line.split(':')).map(([name, , , gid]) => `${name}:x:${gid}:`)
  await writeFile(join(root, 'etc/group'), `${groups.join('\n')}\n`)
}

/** Makes the image from scratch, of a folder with `rootfs/` in it. */
export async function buildImage(name: string, folder: string, settings: Settings): Promise<void> {
  const root = join(folder, 'rootfs')
  for (const { path, owner, mode } of settings.directories) {
    const [uid = 0, gid = 0] = owner.split(':').map(Number)
    await mkdir(join(root, path), { recursive: true })
    await chown(join(root, path), uid, gid)
    await chmod(join(root, path), Number.parseInt(mode, 8))
  }
  await writeFile(join(folder, 'Dockerfile'), dockerfile(settings))
  await mkdir(dirname(root), { recursive: true })
  // the classic builder keeps the owners of what it copies only from an archive, which ADD unpacks
  await execa('tar', ['--numeric-owner', '-cf', 'rootfs.tar', '-C', 'rootfs', '.'], { cwd: folder })
  await writeFile(join(folder, '.dockerignore'), '*\n!rootfs.tar\n')
  const result = await execa('docker', ['build', '--quiet', '--tag', tagOf(name), folder], {
    reject: false,
    all: true,
    env: { DOCKER_BUILDKIT: '0' },
  })
  if (result.failed) throw new Error(`docker build of ${tagOf(name)} failed:\n${result.all}`)
}

function dockerfile(settings: Settings): string {
  const environment = Object.entries(settings.environment ?? {})
  const { volumes = [], ports = [] } = settings
  return [
    'FROM scratch',
    'ADD rootfs.tar /',
    'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ...environment.map(([name, value]) => `ENV ${name}=${value}`),
    ...(settings.workdir === undefined ? [] : [`WORKDIR ${settings.workdir}`]),
    ...(settings.stopSignal === undefined ? [] : [`STOPSIGNAL ${settings.stopSignal}`]),
    ...(volumes.length === 0 ? [] : [`VOLUME ${JSON.stringify(volumes)}`]),
    ...(ports.length === 0 ? [] : [`EXPOSE ${ports.join(' ')}`]),
    `USER ${settings.user}`,
    ...(settings.entrypoint.length === 0 ? [] : [`ENTRYPOINT ${JSON.stringify(settings.entrypoint)}`]),
    '',
  ].join('\n')
}

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
