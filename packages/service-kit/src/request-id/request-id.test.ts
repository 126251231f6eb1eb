import { serve } from '@faultline/test-support/telemetry'
import Koa from 'koa'
import { describe, expect, it } from 'vitest'
import { type RequestIdOptions, requestId } from './request-id.ts'

const UUID = /^[0-9a-f-]{36}$/

async function idFor(incoming: string | undefined, options?: RequestIdOptions): Promise<string | null> {
  const app = new Koa()
  app.use(requestId(options))
  app.use((ctx) => {
    ctx.body = ctx.state.requestId
  })
  await using server = await serve(app)
  const answer = await fetch(server.url, {
    headers: incoming === undefined ? {} : { 'x-request-id': incoming },
  })
  expect(await answer.text()).toBe(answer.headers.get('x-request-id'))
  return answer.headers.get('x-request-id')
}

describe('requestId', () => {
  it('makes an id', async () => {
    expect(await idFor(undefined)).toMatch(UUID)
  })

  it('keeps the id of the caller', async () => {
    expect(await idFor('order-4711.a_b')).toBe('order-4711.a_b')
  })

  it.each(['a b', '<script>', 'x'.repeat(65)])(
    'does not keep %s, which would end up in logs',
    async (incoming) => {
      expect(await idFor(incoming)).toMatch(UUID)
    },
  )

  it('keeps none when told so', async () => {
    expect(await idFor('abc', { trustIncoming: false })).toMatch(UUID)
  })
})
