/**
 * The first `docker compose up` on a machine that has no image of the kit: compose builds it from the Dockerfile, on the
 * air-gapped base where the official one cannot be pulled.
 */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { KIT, movedPorts, REPOSITORY, rendered } from '../rendered.ts'
import { imageOf } from './support/image.ts'

/** Not the one of docker-compose.yml, which others run on. */
const TAG = 'faultline-kit:first-up'
const PROJECT = 'faultline-first-up'
const BUILD_TIMEOUT_MS = 600_000
const PAGER = 'packages/pager/src/main.ts'

const docker = async (...args: string[]) =>
  (await execa('docker', args, { cwd: REPOSITORY, stdin: 'ignore', env: movedPorts(9_000) })).stdout

/** Runs JavaScript in the image, as its own user. */
const evaluate = async (code: string) =>
  JSON.parse(await docker('run', '--rm', TAG, '--eval', `console.log(JSON.stringify(${code}))`))

describe('the image of the Dockerfile', () => {
  const started = new AsyncDisposableStack()
  let compose: (...args: string[]) => Promise<string>

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'faultline-first-up-'))
    started.defer(() => rm(folder, { recursive: true, force: true }))
    const override = join(folder, 'override.json')
    const ofTheKit = [...(await rendered())].filter(([, { image }]) => image === KIT)
    const services = {
      ...Object.fromEntries(ofTheKit.map(([name]) => [name, { image: TAG }])),
      // npm looks for its registry the way this machine does
      kit: {
        image: TAG,
        build: { context: '.', network: 'host', args: { NODE_IMAGE: await imageOf('node') } },
      },
      postgres: { image: await imageOf('postgres'), pull_policy: 'never' },
      toxiproxy: { image: await imageOf('toxiproxy'), pull_policy: 'never' },
    }
    await writeFile(override, JSON.stringify({ services }))
    const files = ['--file=docker-compose.yml', `--file=${override}`]
    compose = (...args) => docker('compose', `--project-name=${PROJECT}`, ...files, ...args)
    await execa('docker', ['image', 'rm', '--force', TAG], { reject: false })
    started.defer(async () => {
      await compose('down', '--volumes')
      await docker('image', 'rm', '--force', TAG)
    })
    await compose('up', '--detach', '--wait', 'gateway')
  }, BUILD_TIMEOUT_MS)
  afterAll(() => started.disposeAsync(), 60_000)

  test('is built once, and all of the kit’s own runs on it', async () => {
    const ids = (await compose('ps', '--all', '--quiet')).split('\n')
    const of = async (format: string, ...names: string[]) =>
      (await docker('inspect', `--format=${format}`, ...names)).split('\n')
    const images = (await of('{{.Config.Image}} {{.Image}}', ...ids)).filter((line) => line.startsWith(TAG))
    const [id] = await of('{{.Id}}', TAG)
    expect(images).toEqual(Array(4).fill(`${TAG} ${id}`))
    expect(await compose('ps', '--format={{.Health}}', 'gateway')).toBe('healthy')
  })

  test('runs as nobody’s root, with folders that volumes take their owners from', async () => {
    const owner = (path: string) =>
      `Object.values((({ uid, gid }) => ({ uid, gid }))(fs.statSync('${path}')))`
    expect(await evaluate('[process.getuid(), process.getgid()]')).toEqual([1000, 1000])
    expect(await evaluate(owner('/data'))).toEqual([1000, 1000])
    expect(await evaluate(owner('/volumes/collector'))).toEqual([10001, 10001])
    expect(await evaluate(owner('/volumes/nats'))).toEqual([65534, 65534])
  })

  test('has what runs, and neither tests nor what only development needs', async () => {
    const found = (glob: string) => evaluate(`fs.globSync('${glob}').length`)
    const services = await readdir(join(REPOSITORY, 'services'))
    expect(await found('services/*/src/main.ts')).toBe(services.length)
    expect(await found('{packages,services}/**/*.test.ts')).toBe(0)
    expect(await found('node_modules/{vitest,typescript,testcontainers}')).toBe(0)
  })

  test('starts what the command names, and hands it SIGTERM: it ends in order', async () => {
    const id = await docker('run', '--detach', '--env=PAGER_DATA_DIR=/data', TAG, PAGER)
    try {
      await vi.waitFor(
        async () =>
          expect((await execa('docker', ['logs', id], { all: true })).all).toMatch(/listening|ready/),
        { timeout: 20_000 },
      )
      await docker('stop', '--time=10', id)
      expect(await docker('inspect', '--format={{.State.ExitCode}}', id)).toBe('0')
    } finally {
      await docker('rm', '--force', '--volumes', id)
    }
  })
})
