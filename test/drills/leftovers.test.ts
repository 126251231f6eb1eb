import { afterAll, beforeAll, expect, it } from 'vitest'
import { DRILL_TIMEOUT_MS, drill, hasIndex, type Kit, killInItsFault, startKit } from '../support/kit.ts'

let kit: Kit

beforeAll(async () => {
  kit = await startKit()
})

afterAll(async () => {
  await kit?.[Symbol.asyncDispose]()
})

it(
  'a fault that is kept stays in after the drill, and is taken out when asked for',
  async () => {
    const { exitCode, verdict } = await drill(kit, 'slow-query', '--keep')
    expect(verdict.failures).toEqual([])
    expect({ exitCode, outcome: verdict.outcome }).toEqual({ exitCode: 0, outcome: 'cut-short' })
    expect(await hasIndex(kit)).toBe(false)
    expect((await kit.faultline(['status'])).stderr).toMatch(/still in, as asked for/)
    expect(await kit.faultline(['drill', '--undo'])).toMatchObject({
      exitCode: 0,
      stdout: 'Took out what the drill slow-query had left in.',
    })
    expect(await hasIndex(kit)).toBe(true)
  },
  DRILL_TIMEOUT_MS,
)

it(
  'a fault whose drill and kit were both killed is taken out by the next start',
  async () => {
    await killInItsFault(kit)
    const state = JSON.parse((await kit.faultline(['status', '--json'])).stdout)
    process.kill(state.supervisor.pid, 'SIGKILL')
    expect(await kit.up()).toMatch(/^Took out what the drill slow-query had left in\.$/m)
    expect(await hasIndex(kit)).toBe(true)
  },
  DRILL_TIMEOUT_MS,
)
