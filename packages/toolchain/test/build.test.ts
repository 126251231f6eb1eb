import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it, vi } from 'vitest'
import which from 'which'
import { requireSpace } from '../src/disk.ts'
import { type BuildProgress, resolveBinary } from '../src/index.ts'
import { binarySpec } from '../src/table.ts'
import { endlessBuild, fakeGo, isRunning, sandbox } from './support.ts'

describe('a build with Go', () => {
  it('makes a working Toxiproxy once, however many ask', { timeout: 300_000 }, async () => {
    await using box = await sandbox()
    await mkdir(box.bin)
    await symlink(await which('go'), join(box.bin, 'go'))
    // What would break the build has to be without effect.
    const env = {
      ...process.env,
      PATH: box.bin,
      FAULTLINE_CACHE_DIR: box.env.FAULTLINE_CACHE_DIR,
      GOFLAGS: '-mod=vendor',
      GOOS: 'plan9',
    }
    const seen: BuildProgress[] = []
    const all = await Promise.all(
      [1, 2, 3].map(() => resolveBinary('toxiproxy', { env, onProgress: (progress) => seen.push(progress) })),
    )
    const [first] = all
    expect(all.map(({ source }) => source).sort()).toEqual(['built', 'cache', 'cache'])
    expect(new Set(all.map(({ path }) => path))).toHaveLength(1)
    const { stdout } = await execa(first?.path ?? '', ['--version'])
    expect(stdout).toBe('toxiproxy-server version 2.5.0')

    const phases = seen.map(({ phase }) => phase)
    expect(phases.filter((phase) => phase === 'started' || phase === 'done')).toEqual(['started', 'done'])
    expect(phases.indexOf('started')).toBeLessThan(phases.indexOf('downloading'))
    expect(phases.indexOf('downloading')).toBeLessThan(phases.indexOf('compiling'))
    expect(phases).toContain('waiting')
    expect(seen.find(({ phase }) => phase === 'compiling')).toMatchObject({
      binary: 'toxiproxy',
      expectedSeconds: 6,
      totalPackages: expect.toSatisfy((total: number) => total > 100),
    })
    expect(await readdir(join(box.root, 'cache', 'tmp'))).toEqual([])
    expect(await readFile(join(box.root, 'cache/logs/toxiproxy.log'), 'utf8')).toContain(
      'go build -v -mod=readonly',
    )
  })
})

describe('a build', () => {
  it('reports its steps', async () => {
    await using box = await sandbox()
    await fakeGo(box)
    const seen: string[] = []
    const { source } = await resolveBinary('toxiproxy', {
      env: box.env,
      onProgress: ({ binary, phase }) => seen.push(`${binary} ${phase}`),
    })
    expect(source).toBe('built')
    expect(seen).toEqual([
      'toxiproxy started',
      'toxiproxy downloading',
      'toxiproxy downloading',
      'toxiproxy compiling',
      'toxiproxy done',
    ])
  })

  it('happens once where several processes ask at the same time', async () => {
    await using box = await sandbox()
    await fakeGo(box)
    const child = join(import.meta.dirname, 'child.ts')
    const answers = await Promise.all(
      [1, 2, 3].map(() => execa(process.execPath, [child], { env: box.env, extendEnv: false })),
    )
    expect(answers.map(({ stdout }) => stdout).sort()).toEqual(['built', 'cache', 'cache'])
    expect(await readFile(join(box.root, 'builds'), 'utf8')).toBe('built\n')
  })

  it('takes over from a builder that was killed, whose go ends by itself', {
    timeout: 60_000,
  }, async () => {
    await using box = await sandbox()
    await fakeGo(box, { build: endlessBuild(box) })
    const child = join(import.meta.dirname, 'child.ts')
    const killed = execa(process.execPath, [child], { env: box.env, extendEnv: false, reject: false })
    const [go, compiler] = await pids(box.root)
    killed.kill('SIGKILL')
    await killed
    await vi.waitFor(async () => expect(await isRunning(go)).toBe(false), { timeout: 5000 })
    process.kill(compiler)

    await fakeGo(box)
    const seen: string[] = []
    const { source } = await resolveBinary('toxiproxy', {
      env: box.env,
      onProgress: ({ phase }) => seen.push(phase),
    })
    expect(source).toBe('built')
    expect(seen[0]).toBe('waiting')
    expect(await readdir(join(box.root, 'cache', 'tmp'))).toEqual([])
  })

  it('ends with all its processes when aborted, and can be started again', async () => {
    await using box = await sandbox()
    await fakeGo(box, { build: endlessBuild(box) })
    const controller = new AbortController()
    const resolve = () => resolveBinary('toxiproxy', { env: box.env, signal: controller.signal })
    const runningAndWaiting = Promise.allSettled([resolve(), resolve()])
    const started = await pids(box.root)
    expect(await Promise.all(started.map(isRunning))).toEqual([true, true])
    const reason = new Error('no longer wanted')
    controller.abort(reason)
    const rejected = { status: 'rejected', reason }
    expect(await runningAndWaiting).toEqual([rejected, rejected])
    expect(await readdir(join(box.root, 'cache'))).not.toContain('build.lock')
    expect(await readdir(join(box.root, 'cache', 'tmp'))).toEqual([])
    await vi.waitFor(async () => expect(await Promise.all(started.map(isRunning))).toEqual([false, false]), {
      timeout: 5000,
    })

    await fakeGo(box)
    expect(await resolveBinary('toxiproxy', { env: box.env })).toMatchObject({ source: 'built' })
  })

  it('keeps the log of a failure and shows its end', async () => {
    await using box = await sandbox()
    await fakeGo(box, { build: 'echo "cmd/server/main.go:7:2: undefined: x" >&2; exit 1' })
    const error = await resolveBinary('toxiproxy', { env: box.env }).catch((reason: unknown) => reason)
    const logFile = join(box.root, 'cache/logs/toxiproxy.log')
    expect(error).toMatchObject({ reason: 'build-failed', logFile })
    expect(error).toHaveProperty(
      'message',
      expect.stringContaining('  | cmd/server/main.go:7:2: undefined: x'),
    )
    expect(await readFile(logFile, 'utf8')).toContain('undefined: x')
    expect(await readdir(join(box.root, 'cache', 'tmp'))).toEqual([])
  })

  it('that comes out as another version than the pinned one is refused', async () => {
    await using box = await sandbox()
    await fakeGo(box, {
      build: 'printf \'#!/bin/sh\\necho toxiproxy-server version 2.4.0\\n\' > "$output"; chmod +x "$output"',
    })
    await expect(resolveBinary('toxiproxy', { env: box.env })).rejects.toMatchObject({
      reason: 'build-failed',
      problem: 'toxiproxy was built, but prints version 2.4.0 instead of 2.5.0',
    })
  })

  it.each([
    ['go1.20.14', 'go-too-old', /takes Go \d\S+ or newer, and \S+ is go1\.20\.14\nInstall Go/],
    ['go1.9rc2', 'go-too-old', /is go1\.9rc2/],
  ])('with %s: %s', async (version, reason, message) => {
    await using box = await sandbox()
    await fakeGo(box, { version })
    const error = await resolveBinary('toxiproxy', { env: box.env }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ reason, message: expect.stringMatching(message) })
  })

  it('with a go that does not run: no-go', async () => {
    await using box = await sandbox()
    await box.script(join(box.bin, 'go'), 'echo "go: cannot find GOROOT directory" >&2; exit 2')
    await expect(resolveBinary('toxiproxy', { env: box.env })).rejects.toMatchObject({
      reason: 'no-go',
      problem: expect.stringContaining('cannot find GOROOT'),
    })
  })

  it('where the cache cannot be written: no-permission', async () => {
    await using box = await sandbox()
    await fakeGo(box)
    const file = join(box.root, 'file')
    await writeFile(file, '')
    for (const cache of [file, join(file, 'cache')]) {
      await expect(
        resolveBinary('toxiproxy', { env: { ...box.env, FAULTLINE_CACHE_DIR: cache } }),
      ).rejects.toMatchObject({
        reason: 'no-permission',
        message: expect.stringMatching(
          /No permission to write .*\nMake the folder writable, or point FAULTLINE_CACHE_DIR/,
        ),
      })
    }
  })

  it('with too little room on disk: no-space, before it begins', async () => {
    await using box = await sandbox()
    const folder = join(box.root, 'to/be/made')
    await expect(requireSpace(binarySpec('loki'), [folder], 1e12)).rejects.toMatchObject({
      reason: 'no-space',
      problem: expect.stringMatching(/ has \d+ MiB free, the build takes up to 1000000000000 MiB/),
    })
    await expect(requireSpace(binarySpec('loki'), [folder], 0)).resolves.toBeUndefined()
  })
})

/** Process ids of an endless build, once it runs: go's and its compiler's. */
function pids(root: string): Promise<[number, number]> {
  return vi.waitFor(
    async () => {
      const [go, compiler] = (await readFile(join(root, 'pids'), 'utf8')).split(' ').map(Number)
      if (go === undefined || compiler === undefined) throw new Error('not written yet')
      return [go, compiler]
    },
    { timeout: 20_000 },
  )
}
