/** `npm run compose:check` on a real engine: on images made here, as no registry may be reached. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildImage, layBase, tagOf } from '../../airgapped/src/image.ts'
import { type OfficialImage, officialImage } from '../../airgapped/src/images.ts'
import type { Checked } from '../../compose/compare.ts'
import { REPOSITORY } from '../rendered.ts'

const NAME = 'check-test'
/** A name that no resolver may know (RFC 2606). */
const OFFICIAL = 'registry.invalid/faultline/check-test'
const TAG = '1.2.3'
const BUILD_TIMEOUT_MS = 300_000

/** Has something of everything that is compared. */
const image: OfficialImage = {
  image: OFFICIAL,
  version: TAG,
  seen: { where: 'here', date: '2026-11' },
  entrypoint: ['/program', '--serve'],
  executables: ['/program'],
  user: '10001:10001',
  directories: [{ path: '/data', owner: '10001:10001', mode: '0750' }],
  volumes: ['/data', '/more'],
  writes: ['/data'],
  ports: ['53/udp', '8080/tcp'],
  shell: false,
  environment: { OPTIONS: '--level=info' },
  stopSignal: 'SIGINT',
  source: 'https://example.com/Dockerfile',
}

let folder: string
const docker = (...args: string[]) => execa('docker', args, { stdin: 'ignore' })

/** Runs the command with a list of one image; what it prints and how it ends. */
async function check(
  expected: OfficialImage,
  ...args: string[]
): Promise<{ exitCode: number; row: Checked }> {
  const file = join(folder, 'images.json')
  await writeFile(file, JSON.stringify({ [NAME]: expected }))
  const { exitCode = -1, rows } = await run(`--list=${file}`, ...args)
  return { exitCode, row: rows[0] as Checked }
}

async function run(...args: string[]): Promise<{ exitCode: number | undefined; rows: readonly Checked[] }> {
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    ['deploy/compose/check.ts', '--json', ...args],
    {
      cwd: REPOSITORY,
      reject: false,
      stdin: 'ignore',
    },
  )
  expect(stderr).toBe('')
  return { exitCode, rows: JSON.parse(stdout) as Checked[] }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultline-check-test-'))
  await layBase(join(folder, 'rootfs'))
  await buildImage(NAME, folder, image)
  await docker('tag', tagOf(NAME), `${OFFICIAL}:${TAG}`)
})
afterAll(async () => {
  await docker('image', 'rm', '--force', tagOf(NAME), `${OFFICIAL}:${TAG}`)
  await rm(folder, { recursive: true, force: true })
})

describe('an image on this machine', () => {
  test('that is as the list says', async () => {
    const { exitCode, row } = await check(image, '--local')
    expect(row).toMatchObject({ image: OFFICIAL, tag: TAG, registry: 'not asked', local: 'as expected' })
    expect(exitCode).toBe(0)
  })

  test.each<[of: string, wrong: Partial<OfficialImage>]>([
    ['user', { user: '0:0' }],
    ['entry point', { entrypoint: ['/program'] }],
    ['volumes', { volumes: ['/data'] }],
    ['ports', { ports: ['53/tcp', '8080/tcp'] }],
    ['stop signal', { stopSignal: 'SIGQUIT' }],
    ['OPTIONS', { environment: { OPTIONS: '--level=warn' } }],
  ])('that has another %s', async (of, wrong) => {
    const { exitCode, row } = await check({ ...image, ...wrong }, '--local')
    expect(row.differences.map((one) => one.of)).toEqual([of])
    expect([row.local, exitCode]).toEqual(['differs', 1])
  })

  test('is not enough where the registry cannot be asked for its tag', async () => {
    const { exitCode, row } = await check(image)
    expect(row).toMatchObject({ registry: expect.stringMatching(/^no answer: .+/), local: 'as expected' })
    expect(exitCode).toBe(3)
  })

  test('is not there, so that nothing is known of it', async () => {
    const { exitCode, row } = await check({ ...image, version: '9.9.9' }, '--local')
    expect([row.local, exitCode]).toEqual(['not here', 3])
  })
})

describe('an image made here', () => {
  beforeAll(async () => {
    await execa('npm', ['run', '--silent', 'airgap:build', '--', 'toxiproxy'], {
      cwd: REPOSITORY,
      stdin: 'ignore',
    })
  }, BUILD_TIMEOUT_MS)

  test('is what deploy/images.json says of the official one, and that another is never made does not count', async () => {
    const { exitCode, rows } = await run('--airgapped', '--image=toxiproxy', '--image=grafana')
    expect(rows.map(({ name, local }) => [name, local])).toEqual([
      ['grafana', 'not here'],
      ['toxiproxy', 'as expected'],
    ])
    expect(exitCode).toBe(0)
  })

  test('is compared with the user’s number, whatever the official one calls it', async () => {
    expect((await check({ ...image, userLine: 'program' }, '--airgapped')).exitCode).toBe(0)
    const { exitCode, row } = await check({ ...image, userLine: 'program' }, '--local')
    expect(row.differences).toEqual([{ of: 'user', expected: 'program', found: '10001:10001' }])
    expect(exitCode).toBe(1)
  })
})

test('a list that is none, and an image that is not on it, are refused with the reason', async () => {
  const refused = (...args: string[]) =>
    execa(process.execPath, ['deploy/compose/check.ts', ...args], { cwd: REPOSITORY, reject: false })
  const file = join(folder, 'none.json')
  const { image: _, ...nameless } = officialImage('nats')
  await writeFile(file, JSON.stringify({ nats: nameless }))
  expect(await refused(`--list=${file}`)).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining(file),
  })
  expect(await refused('--image=ngnix')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/no such image; there are .*nats/),
  })
})
