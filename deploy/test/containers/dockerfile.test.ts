/** The Dockerfile, built; on the air-gapped base where the official one cannot be pulled. */
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { REPOSITORY } from '../rendered.ts'
import { imageOf } from './support/image.ts'

const TAG = 'faultline-test/kit'
const BUILD_TIMEOUT_MS = 600_000
const PAGER = 'packages/pager/src/main.ts'

const docker = async (...args: string[]) =>
  (await execa('docker', args, { cwd: REPOSITORY, stdin: 'ignore' })).stdout

/** Runs JavaScript in the image, as its own user. */
const evaluate = async (code: string) =>
  JSON.parse(await docker('run', '--rm', TAG, '--eval', `console.log(JSON.stringify(${code}))`))

describe('the image of the Dockerfile', () => {
  beforeAll(async () => {
    const base = await imageOf('node')
    // npm looks for its registry the way this machine does
    await docker('build', '--quiet', '--network=host', `--build-arg=NODE_IMAGE=${base}`, `--tag=${TAG}`, '.')
  }, BUILD_TIMEOUT_MS)
  afterAll(async () => void (await docker('image', 'rm', '--force', TAG)))

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
    expect(await found('services/*/src/main.ts')).toBe(6)
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
