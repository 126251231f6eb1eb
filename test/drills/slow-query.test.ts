import { readJournal, type Verdict } from '@faultline/drill-engine'
import { REPOSITORY_ROOT } from '@faultline/stack'
import { execa } from 'execa'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Kit, startKit } from '../support/kit.ts'

let kit: Kit

beforeAll(async () => {
  kit = await startKit()
})

afterAll(async () => {
  await kit?.[Symbol.asyncDispose]()
})

const faultline = (...args: readonly string[]) =>
  execa('faultline', args, {
    preferLocal: true,
    localDir: REPOSITORY_ROOT,
    env: { FAULTLINE_STATE_DIR: kit.stateDir },
    reject: false,
  })

async function drill(
  ...options: readonly string[]
): Promise<{ exitCode: number | undefined; verdict: Verdict }> {
  const { exitCode, stdout, stderr } = await faultline('drill', 'slow-query', '--json', ...options)
  if (!stdout.includes('{')) throw new Error(`no verdict:\n${stderr}`)
  return { exitCode, verdict: JSON.parse(stdout.slice(stdout.indexOf('{'))) as Verdict }
}

async function hasIndex(): Promise<boolean> {
  const client = new Client({ connectionString: kit.runtime.endpoints().postgres })
  await client.connect()
  const { rowCount } = await client
    .query("SELECT FROM pg_indexes WHERE indexname = 'seats_concert_place_idx'")
    .finally(() => client.end())
  return rowCount === 1
}

it('shows all its evidence, pages within a minute, recovers, and the cure holds the objective', async () => {
  const { exitCode, verdict } = await drill()
  expect(verdict.failures).toEqual([])
  expect(exitCode).toBe(0)
  expect(verdict.evidence.map(({ status }) => status)).toEqual(Array(4).fill('met'))
  expect(verdict.timeToPageSeconds).toBeLessThan(60)
  expect(verdict.cause?.service).toBe('catalog')
  expect(verdict.recovery).toMatchObject({ ok: true, alertsResolved: true })
  expect(verdict.cure).toMatchObject({ ok: true, paged: false })
  expect(await hasIndex()).toBe(true)
}, 400_000)

it('without the fault shows none of it', async () => {
  const { exitCode, verdict } = await drill('--no-fault')
  expect(exitCode).toBe(1)
  expect(verdict.control).toBe(true)
  expect(verdict.evidence.map(({ status }) => status)).toEqual(Array(4).fill('evidence-missing'))
  // The drill before may have left a ticket about the budget it used; nobody is paged.
  expect(verdict.alerts.filter(({ severity }) => severity === 'page')).toEqual([])
  expect(await hasIndex()).toBe(true)
}, 400_000)

it('whose runner is killed leaves word of its fault, which status tells and --undo takes out', async () => {
  const runner = faultline('drill', 'slow-query')
  await expect.poll(hasIndex, { timeout: 120_000, interval: 250 }).toBe(false)
  const journal = await readJournal(kit.stateDir)
  process.kill(journal?.runner.pid ?? 0, 'SIGKILL')
  await runner
  expect((await faultline('status')).stderr).toMatch(
    /slow-query was killed in its phase fault and its fault is still in/,
  )
  expect(await faultline('drill', '--undo')).toMatchObject({
    exitCode: 0,
    stdout: 'Took out what the drill slow-query had left in.',
  })
  expect(await hasIndex()).toBe(true)
}, 200_000)
