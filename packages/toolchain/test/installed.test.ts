import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cachedPath } from '../src/cache.ts'
import { isInstalled, resolveBinary } from '../src/index.ts'
import { binarySpec } from '../src/table.ts'
import { sandbox } from './support.ts'

const says = (version: string): string => `echo prometheus, version ${version}`

async function cachePrometheus(box: Awaited<ReturnType<typeof sandbox>>): Promise<string> {
  const { build } = binarySpec('prometheus')
  if (build === undefined) throw new Error('prometheus is built')
  return box.script(await cachedPath('prometheus', build, box.env), says('3.16.0'))
}

describe('a binary that is there already', () => {
  it('is taken from the environment first, in any version', async () => {
    await using box = await sandbox()
    await cachePrometheus(box)
    await box.script(join(box.bin, 'prometheus'), says('3.16.0'))
    const path = await box.script(join(box.root, 'mine/prometheus-old'), says('2.45.3'))
    const env = { ...box.env, FAULTLINE_BIN_PROMETHEUS: path }
    expect(await resolveBinary('prometheus', { env })).toEqual({
      name: 'prometheus',
      path,
      version: '2.45.3',
      source: 'env',
    })
  })

  it('has an unknown version where the environment names a program that does not tell', async () => {
    await using box = await sandbox()
    const path = await box.script(join(box.root, 'wrapper'), 'exit 3')
    const env = { ...box.env, FAULTLINE_BIN_LOKI: path }
    expect(await resolveBinary('loki', { env })).toMatchObject({ path, version: 'unknown' })
  })

  it('is taken from PATH before the cache', async () => {
    await using box = await sandbox()
    await cachePrometheus(box)
    const path = await box.script(join(box.bin, 'prometheus'), says('3.17.1'))
    expect(await resolveBinary('prometheus', { env: box.env })).toEqual({
      name: 'prometheus',
      path,
      version: '3.17.1',
      source: 'path',
    })
  })

  it('is taken from further down PATH where the first has an unsupported version', async () => {
    await using box = await sandbox()
    await box.script(join(box.bin, 'prometheus'), says('2.45.3'))
    const path = await box.script(join(box.root, 'other/prometheus'), says('3.16.2'))
    const env = { ...box.env, PATH: `${box.bin}:${join(box.root, 'other')}` }
    expect(await resolveBinary('prometheus', { env })).toMatchObject({ path, version: '3.16.2' })
  })

  it.each([
    ['an unsupported version', says('2.45.3')],
    ['another program of that name', 'echo prometheus: a film catalogue 3.16.0'],
    ['a program that fails', 'exit 1'],
  ])('is taken from the cache where PATH has %s', async (_what, body) => {
    await using box = await sandbox()
    await box.script(join(box.bin, 'prometheus'), body)
    const path = await cachePrometheus(box)
    expect(await resolveBinary('prometheus', { env: box.env })).toEqual({
      name: 'prometheus',
      path,
      version: '3.16.0',
      source: 'cache',
    })
  })
})

describe('a binary that is not available', () => {
  it.each(['tempo', 'pyroscope', 'grafana'] as const)(
    '%s: not-found, as the kit does not build it',
    async (name) => {
      await using box = await sandbox()
      await expect(resolveBinary(name, { env: box.env })).rejects.toMatchObject({
        binary: name,
        reason: 'not-found',
        wayOut: expect.stringMatching(
          new RegExp(`^Put ${name} .* on PATH, or set FAULTLINE_BIN_${name.toUpperCase()}`),
        ),
      })
    },
  )

  it('tells which version it saw', async () => {
    await using box = await sandbox()
    const path = await box.script(join(box.bin, 'tempo'), 'echo tempo, version 2.9.0')
    await expect(resolveBinary('tempo', { env: box.env })).rejects.toThrow(
      `${path} is version 2.9.0; the kit needs >=3.0.0`,
    )
  })

  it('is not replaced by another where the environment names a path that is wrong', async () => {
    await using box = await sandbox()
    await cachePrometheus(box)
    const plain = join(box.root, 'notes.txt')
    await writeFile(plain, 'no program')
    for (const path of [join(box.root, 'missing'), plain, box.root]) {
      const env = { ...box.env, FAULTLINE_BIN_PROMETHEUS: path }
      await expect(resolveBinary('prometheus', { env })).rejects.toMatchObject({
        reason: 'bad-path',
        problem: `FAULTLINE_BIN_PROMETHEUS=${path} is not an executable file`,
      })
    }
  })

  it('without Go names what to install and the ways round it', async () => {
    await using box = await sandbox()
    await expect(resolveBinary('toxiproxy', { env: box.env })).rejects.toMatchObject({
      reason: 'no-go',
      message: expect.stringMatching(
        /no go command on PATH\nInstall Go \d+\.\d+\.\d+ or newer .*put toxiproxy-server .* on PATH, or set FAULTLINE_BIN_TOXIPROXY to its path/,
      ),
    })
  })
})

describe('a program that has a stand-in', () => {
  const versions = [
    ['is used in a supported version', 'echo tempo, version 3.0.3', true, []],
    [
      'is not used in an older one, which is said',
      'echo tempo, version 2.9.0',
      false,
      [expect.stringMatching(/tempo is version 2\.9\.0; the kit needs >=3\.0\.0\): it is not used$/)],
    ],
  ] as const
  it.each(versions)('%s', async (_, body, used, said) => {
    await using box = await sandbox()
    await box.script(join(box.bin, 'tempo'), body)
    const notices: string[] = []
    expect(await isInstalled('tempo', (text) => notices.push(text), box.env)).toBe(used)
    expect(notices).toEqual(said)
  })

  it('is not missed where there is none', async () => {
    await using box = await sandbox()
    const notices: string[] = []
    expect(await isInstalled('tempo', (text) => notices.push(text), box.env)).toBe(false)
    expect(notices).toEqual([])
  })
})
