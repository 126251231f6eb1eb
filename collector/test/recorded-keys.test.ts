import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BinaryUnavailableError, resolveBinary } from '@faultline/toolchain'
import { execa } from 'execa'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { COLLECTOR_FOLDER } from './support/collector.ts'

// Tempo and Pyroscope refuse a configuration with a key that they do not know. They are not built here, so their keys
// are recorded: the ends of all paths below the sections that the kit uses, from what Tempo says at `/status/config` and
// Pyroscope at `/api/v1/status/config`, by default and in the kit. Where they are installed they check the files too.

const BACKENDS = join(COLLECTOR_FOLDER, '../backends')
const KEYS = join(COLLECTOR_FOLDER, 'test/keys')

const backends = [
  { name: 'tempo', verify: ['-config.verify=true'], wrong: ['live_store:', 'ingester:'] },
  // It lists its modules when it has read its configuration.
  { name: 'pyroscope', verify: ['-modules'], wrong: ['segment_writer:', 'ingester_v2:'] },
] as const

/** Paths of a document's ends. */
function ends(value: unknown, path: readonly string[] = []): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path.join('.')]
  return Object.entries(value).flatMap(([key, inner]) => ends(inner, [...path, key]))
}

/** Paths of a configuration that are no recorded path and not below the end of one, which may hold anything. */
async function unknownKeys(name: string, text: string): Promise<string[]> {
  const file = (await readdir(KEYS)).find((candidate) => candidate.startsWith(`${name}-`))
  const known = (await readFile(join(KEYS, file ?? ''), 'utf8')).trim().split('\n')
  return ends(parse(text)).filter((path) => !known.some((end) => path === end || path.startsWith(`${end}.`)))
}

async function installed(name: 'tempo' | 'pyroscope'): Promise<string | undefined> {
  try {
    return (await resolveBinary(name)).path
  } catch (error) {
    if (error instanceof BinaryUnavailableError && error.reason === 'not-found') return undefined
    throw error
  }
}

describe.each(backends)('configuration of $name', async ({ name, verify, wrong: [key, unknown] }) => {
  const program = await installed(name)
  const path = join(BACKENDS, name, `${name}.yaml`)

  test('has no key that the recorded version does not know', async () => {
    const text = await readFile(path, 'utf8')
    expect(await unknownKeys(name, text)).toEqual([])
    expect(await unknownKeys(name, text.replace(key, unknown))).toContainEqual(
      expect.stringContaining(unknown.slice(0, -1)),
    )
  })

  if (program !== undefined) {
    test(`is accepted by ${program}, and refused with another key`, async () => {
      const check = async (file: string) => {
        const args = [`-config.file=${file}`, '-config.expand-env=true', ...verify]
        const { exitCode, all } = await execa(program, args, { reject: false, all: true, timeout: 30_000 })
        return exitCode === 0 ? 'accepted' : all
      }
      expect(await check(path)).toBe('accepted')
      const folder = await mkdtemp(join(tmpdir(), 'faultline-keys-'))
      onTestFinished(() => rm(folder, { recursive: true }))
      const changed = join(folder, 'changed.yaml')
      await writeFile(changed, (await readFile(path, 'utf8')).replace(key, unknown))
      expect(await check(changed)).toContain(`field ${unknown.slice(0, -1)} not found`)
    })
  }
})
