/** The compose file as people run it, on images that are made here. The kit's ports must be free. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  allReady,
  type ComponentStatus,
  type ComposeRuntime,
  connectCompose,
  type LoadResult,
} from '@faultline/stack'
import { execa } from 'execa'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { hasIndex } from '../../../test/support/drill.ts'
import { REPOSITORY } from '../rendered.ts'
import { type KeeperName, keeper } from './support/accepted.ts'

const FILES = ['--file=docker-compose.yml', '--file=deploy/airgapped/docker-compose.yml']
/** What a profile has started, `down` leaves alone without it. */
const EVERY_PROFILE = ['--profile=*']
const BUILD_TIMEOUT_MS = 1_200_000
const UP_TIMEOUT_MS = 400_000
/** Sent before a backend is killed, and again while it is away. */
const PIECES = 20
const FOUND_WITHIN = { timeout: 60_000, interval: 500 }

const compose = (...args: string[]) =>
  execa('docker', ['compose', ...FILES, ...args], { cwd: REPOSITORY, all: true, stdin: 'ignore' })

async function left(): Promise<string> {
  const label = '--filter=label=com.docker.compose.project=faultline'
  const lists = [
    ['ps', '--all', '--quiet', label],
    ['volume', 'ls', '--quiet', label],
    ['network', 'ls', '--quiet', label],
  ]
  return (await Promise.all(lists.map(async (args) => (await execa('docker', args)).stdout))).join('')
}

describe('the air-gapped compose file', () => {
  let kit: ComposeRuntime
  let state: string

  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), 'faultline-compose-test-'))
    await execa('npm', ['run', '--silent', 'airgap:build'], { cwd: REPOSITORY, all: true, stdin: 'ignore' })
    await compose(...EVERY_PROFILE, 'down', '--volumes', '--remove-orphans')
    await compose('up', '--detach', '--wait', '--wait-timeout=300')
    kit = await connectCompose(state)
  }, BUILD_TIMEOUT_MS + UP_TIMEOUT_MS)

  afterAll(async () => {
    await compose(...EVERY_PROFILE, 'down', '--volumes', '--remove-orphans')
    await rm(state, { recursive: true, force: true })
  }, UP_TIMEOUT_MS)

  test('is healthy as a whole, and the shop answers through the edge', async () => {
    const status = await kit.status()
    expect(status.filter(({ state: now }) => now !== 'ready')).toEqual([])
    expect(allReady(status)).toBe(true)
    const { statusCode, body } = await request(`${kit.endpoints().edge}/v1/concerts`)
    expect(statusCode).toBe(200)
    expect(await body.json()).toHaveProperty('items')
  })

  describe('under load', () => {
    let load: Promise<LoadResult>

    beforeAll(() => {
      load = kit.runLoad('steady', { duration: '60s' })
    })

    test.each<KeeperName>(['loki', 'prometheus', 'tempo', 'pyroscope'])(
      '%s, killed, comes back by itself and has all that the collector took, before and after',
      async (backend) => {
        const pieces = keeper(backend, kit.endpoints())
        const sendSome = async () => {
          for (let sent = 0; sent < PIECES; sent++) await pieces.send()
        }
        const isThere = (count: number) =>
          vi.waitFor(async () => expect(await pieces.found()).toBe(count), FOUND_WITHIN)
        await sendSome()
        await isThere(PIECES)
        // as a crash does: what is killed through Docker, it takes for stopped on purpose
        process.kill((await statusOf(backend)).pid ?? 0, 'SIGKILL')
        await sendSome()
        await isThere(2 * PIECES)
        expect((await statusOf(backend)).restarts).toBe(1)
        await vi.waitFor(async () => expect(allReady(await kit.status())).toBe(true), FOUND_WITHIN)
      },
      120_000,
    )

    test('the visitors got through to the end', async () => {
      // 99: a threshold of latency was missed, as may be on a machine that tests keep busy
      expect([0, 99]).toContain((await load).exitCode)
    }, 120_000)
  })

  test('`faultline verify --compose` proves all of it, in a kit all of whose backends have crashed', async () => {
    const verify = await faultline('verify', '--compose')
    expect(verify.exitCode, verify.all).toBe(0)
    expect(verify.all).toMatch(/verified: [1-9]\d* passed, 0 failed/)
  }, 180_000)

  test('`faultline drill slow-query --compose` shows its failure, and leaves the index as it was', async () => {
    const drill = await faultline('drill', 'slow-query', '--compose', '--json')
    expect(drill.exitCode, drill.all).toBe(0)
    expect(JSON.parse(drill.stdout)).toMatchObject({ outcome: 'passed', failures: [] })
    expect(await hasIndex({ runtime: kit })).toBe(true)
  }, 480_000)

  test('a restart with other settings holds until the next restart', async () => {
    await kit.restart('catalog-2', { env: { LOG_LEVEL: 'debug' } })
    expect(await environment('catalog-2')).toContain('LOG_LEVEL=debug')
    await kit.restart('catalog-2')
    expect(await environment('catalog-2')).not.toContain('LOG_LEVEL=debug')
  }, 120_000)

  test('`down -v` leaves nothing', async () => {
    expect(await left()).not.toBe('')
    await compose('down', '--volumes')
    expect(await left()).toBe('')
  }, 120_000)

  const faultline = (...args: string[]) =>
    execa('npx', ['faultline', ...args], {
      cwd: REPOSITORY,
      env: { FAULTLINE_STATE_DIR: state },
      reject: false,
      all: true,
      stdin: 'ignore',
    })

  async function statusOf(component: string): Promise<ComponentStatus> {
    const found = (await kit.status()).find(({ name }) => name === component)
    if (found === undefined) throw new Error(`no component ${component}`)
    return found
  }

  async function environment(component: string): Promise<string> {
    const { stdout } = await execa('docker', [
      'inspect',
      '--format={{.Config.Env}}',
      `faultline-${component}-1`,
    ])
    return stdout
  }
})
