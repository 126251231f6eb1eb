import { serve } from '@faultline/test-support/telemetry'
import Koa from 'koa'
import { describe, expect, it } from 'vitest'
import { notModified } from './conditional-get.ts'

async function statusFor(ifNoneMatch: string): Promise<number> {
  const app = new Koa()
  app.use((ctx) => {
    if (!notModified(ctx, '"v2"')) ctx.body = 'representation'
  })
  await using server = await serve(app)
  const answer = await fetch(server.url, { headers: { 'if-none-match': ifNoneMatch } })
  expect(answer.headers.get('etag')).toBe('"v2"')
  expect(await answer.text()).toBe(answer.status === 304 ? '' : 'representation')
  return answer.status
}

describe('notModified', () => {
  it.each(['"v2"', '"v1", "v2"', 'W/"v2"', '*'])('spares a client that has %s the answer', async (tag) => {
    expect(await statusFor(tag)).toBe(304)
  })

  it.each(['"v1"', 'v2', '""'])('answers a client that has %s', async (tag) => {
    expect(await statusFor(tag)).toBe(200)
  })
})
