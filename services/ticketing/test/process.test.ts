import { randomBytes } from 'node:crypto'
import { freePort } from '@faultline/test-support/ports'
import { startServiceProcess } from '@faultline/test-support/service-process'
import { startUsers, type TestUsers } from '@faultline/test-support/tokens'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeEvent, publish } from './support/orders.ts'
import { type Surroundings, startSurroundings, WITHIN } from './support/surroundings.ts'

let office: Surroundings

beforeAll(async () => {
  office = await startSurroundings()
})
afterAll(() => office?.[Symbol.asyncDispose]())

describe('ticketing as a process', () => {
  let users: TestUsers
  beforeAll(async () => {
    users = await startUsers()
  })
  afterAll(() => users?.[Symbol.asyncDispose]())

  const startProcess = (env: Record<string, string> = {}) =>
    startServiceProcess({
      entry: new URL('../src/main.ts', import.meta.url),
      env: {
        DATABASE_URL: office.database.serviceUrl,
        NATS_URL: office.broker.url,
        GATEWAY_JWKS_URL: users.jwksUrl,
        ...env,
      },
    })

  it('works in the trace of the order, and takes the token of its visitor', async () => {
    // Nobody takes the traces; their ids are in the log.
    const collector = `http://127.0.0.1:${await freePort()}`
    await using service = await startProcess({
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector,
    })
    const event = makeEvent()
    const traceId = randomBytes(16).toString('hex')
    const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`
    await publish(office.booking, event, { traceparent, tracestate: 'faultline=keep' })
    await vi.waitFor(() => {
      expect(service.logLines()).toContainEqual(
        expect.objectContaining({ msg: 'ticket issued', orderId: event.order.id, trace_id: traceId }),
      )
    }, WITHIN)
    const headers = { authorization: `Bearer ${await users.token()}` }
    const url = `${service.url}/orders/${event.order.id}/ticket`
    expect((await fetch(url, { headers })).status).toBe(404)
    expect((await fetch(url)).status).toBe(401)
  })

  it('killed while it renders, leaves the order to the one that is started after it', async () => {
    // Some seconds of rendering.
    const event = makeEvent({ seats: 400 })
    await using first = await startProcess()
    await office.settled()
    await publish(office.booking, event)
    await vi.waitFor(async () => expect((await office.renderer()).num_ack_pending).toBe(1), {
      ...WITHIN,
      interval: 5,
    })
    first.kill('SIGKILL')
    await first.ended
    expect(await office.ticketsOf(event.order.id)).toBe(0)
    await using _second = await startProcess()
    await vi.waitFor(async () => expect(await office.ticketsOf(event.order.id)).toBe(1), WITHIN)
  })
})
