import { describe, expect, it } from 'vitest'
import { type CheckState, Health } from './health.ts'

describe('Health', () => {
  it('is ready once it listens and every check has passed', async () => {
    const health = new Health({ checks: { database: () => Promise.resolve() } })
    expect(health.ready).toBe(false)
    health.start()
    expect(health.ready).toBe(false)
    await expect.poll(() => health.ready).toBe(true)
    health.drain()
  })

  it('shows what it only observes and is ready without it', async () => {
    const nats = () => Promise.reject(new Error('not connected'))
    const health = new Health({ checks: { database: () => Promise.resolve() }, observed: { nats } })
    health.start()
    await expect.poll(() => health.report().checks.nats).toEqual({ status: 'down', reason: 'not connected' })
    await expect.poll(() => health.ready).toBe(true)
    health.drain()
  })

  it('notices by itself that a dependency goes and comes back, and says why', async () => {
    let failure: Error | undefined = new Error('connection refused')
    const changes: [string, CheckState['status']][] = []
    const health = new Health({
      checks: {
        async database() {
          if (failure) throw failure
        },
      },
      intervalMs: 5,
      onChange: (name, { status }) => changes.push([name, status]),
    })
    health.start()
    await expect
      .poll(() => health.report().checks.database)
      .toEqual({ status: 'down', reason: 'connection refused' })
    expect(health.ready).toBe(false)
    failure = undefined
    await expect.poll(() => health.ready).toBe(true)
    failure = new Error('again')
    await expect.poll(() => health.ready).toBe(false)
    health.drain()
    expect(changes).toEqual([
      ['database', 'down'],
      ['database', 'up'],
      ['database', 'down'],
    ])
  })

  it('takes a check that does not end for a failed one', async () => {
    const health = new Health({ checks: { database: () => new Promise(() => undefined) }, timeoutMs: 10 })
    health.start()
    await expect.poll(() => health.report().checks.database).toMatchObject({ status: 'down' })
    health.drain()
  })

  it('is not ready while draining, whatever the checks say', async () => {
    const health = new Health()
    health.start()
    expect(health.ready).toBe(true)
    health.drain()
    expect(health.ready).toBe(false)
  })
})
