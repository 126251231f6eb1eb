import { describe, expect, it } from 'vitest'
import { judgeLoad } from './load.ts'

const evidence = { query: 'q', series: { value: 0 }, otherRequests: 0, sinceMs: 20_000 }

describe('judgeLoad', () => {
  it('passes where the load generator’s metrics arrive', () => {
    expect(judgeLoad({ ...evidence, series: { value: 12 } }).status).toBe('pass')
  })

  it('does not apply where only verify sends requests, give or take a few', () => {
    expect(judgeLoad(evidence)).toMatchObject({ status: 'skipped', notApplicable: true })
    expect(judgeLoad({ ...evidence, otherRequests: 5 }).status).toBe('skipped')
    expect(judgeLoad({ ...evidence, otherRequests: undefined }).status).toBe('skipped')
  })

  it('fails where somebody sends requests and no metric of theirs arrives', () => {
    expect(judgeLoad({ ...evidence, otherRequests: 600 })).toMatchObject({
      status: 'fail',
      seen: 'none, while 30.0 requests a second come from somebody else',
    })
  })
})
