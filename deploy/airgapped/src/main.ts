/**
 * Builds every image of the air-gapped overlay: `npm run airgap:build`, or `npm run airgap:build -- kit loki` for some.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { tagOf } from './image.ts'
import { buildKit, buildNode } from './kit.ts'
import { buildAlertmanager, buildPostgres, buildProgram, buildValkey, programNames } from './programs.ts'

const cache = join(process.env.FAULTLINE_CACHE_DIR || join(homedir(), '.cache/faultline'), 'airgapped')

const builders: Readonly<Record<string, (folder: string) => Promise<void>>> = {
  kit: (folder) => buildKit(folder, cache),
  node: (folder) => buildNode(folder, cache),
  postgres: (folder) => buildPostgres(folder, cache),
  alertmanager: (folder) => buildAlertmanager(folder, cache),
  valkey: (folder) => buildValkey(folder, cache),
  ...Object.fromEntries(programNames.map((name) => [name, (folder: string) => buildProgram(name, folder)])),
}

/** A base for the Dockerfile; the overlay has no use for it. */
const ON_REQUEST = ['node']

// folders of an image are for all of its users, whatever this one's umask is
process.umask(0o022)

/** Builds the named images, or all that the overlay needs, one after the other. */
async function main(names: readonly string[]): Promise<void> {
  const usual = Object.keys(builders).filter((name) => !ON_REQUEST.includes(name))
  for (const name of names.length > 0 ? names : usual) {
    const build = builders[name]
    if (build === undefined)
      throw new Error(`no image "${name}"; there are ${Object.keys(builders).join(', ')}`)
    await mkdir(cache, { recursive: true })
    const folder = await mkdtemp(join(cache, 'build-'))
    const startMs = performance.now()
    try {
      await build(folder)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
    console.log(`${tagOf(name)}  ${((performance.now() - startMs) / 1000).toFixed(1)} s`)
  }
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
