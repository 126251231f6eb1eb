import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CreatedWebhook } from '@faultline/contracts'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeEvent, publish } from './support/orders.ts'
import type { RunningTicketing } from './support/service.ts'
import { type Surroundings, startSurroundings, WITHIN } from './support/surroundings.ts'

const PROBLEM = 'urn:faultline:problem:'

interface Received {
  headers: IncomingHttpHeaders
  body: string
}

/** An organiser's receiver, which answers as told. */
interface Receiver extends AsyncDisposable {
  readonly port: number
  readonly url: string
  readonly received: Received[]
  answer: RequestListener
}

async function startReceiver(): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      received.push({ headers: req.headers, body: Buffer.concat(chunks).toString() })
      receiver.answer(req, res)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const receiver: Receiver = {
    port,
    url: `http://127.0.0.1:${port}/hook`,
    received,
    answer: (_req, res) => void res.writeHead(204).end(),
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
  return receiver
}

let office: Surroundings

beforeAll(async () => {
  office = await startSurroundings()
})
afterAll(() => office?.[Symbol.asyncDispose]())
beforeEach(async () => {
  await office.database.asOwner('DELETE FROM ticketing.webhooks')
})

type Options = Parameters<Surroundings['start']>[0]

/** A service whose guard is off, as receivers of a test are on this machine. */
async function startUnguarded(options: Options = {}): Promise<RunningTicketing> {
  const service = await office.start(options)
  service.flags.set('webhook-address-guard', false)
  return service
}

async function call(
  service: RunningTicketing,
  ownerId: string,
  method: string,
  path: string,
  body?: unknown,
) {
  const authorization = await service.tokenOf(ownerId, 'webhooks:manage')
  const answer = await fetch(`${service.url}${path}`, {
    method,
    headers: { authorization, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return {
    status: answer.status,
    body: (text === '' ? undefined : JSON.parse(text)) as Record<string, unknown>,
  }
}

async function register(service: RunningTicketing, url: string, ownerId = randomUUID()) {
  const { status, body } = await call(service, ownerId, 'POST', '/webhooks', { url })
  expect(status).toBe(201)
  return body as unknown as CreatedWebhook
}

const outcomes = (service: RunningTicketing, outcome: string) =>
  service.telemetry.value('box_office_webhook_deliveries_total', { outcome })

describe('webhooks over HTTP', () => {
  it('show their secret once, and to their organiser only that they exist', async () => {
    await using service = await startUnguarded()
    const [owner, stranger] = [randomUUID(), randomUUID()]
    const { id, secret } = await register(service, 'https://hooks.example/a', owner)
    expect(secret).toMatch(/^whsec_/)
    const list = await call(service, owner, 'GET', '/webhooks')
    expect(list.body).toMatchObject({ items: [{ id, url: 'https://hooks.example/a' }], nextCursor: null })
    expect(JSON.stringify(list.body)).not.toContain('whsec')
    expect((await call(service, stranger, 'GET', '/webhooks')).body).toMatchObject({ items: [] })
    expect((await call(service, stranger, 'DELETE', `/webhooks/${id}`)).status).toBe(404)
    expect((await call(service, owner, 'DELETE', `/webhooks/${id}`)).status).toBe(204)
    expect((await call(service, owner, 'DELETE', `/webhooks/${id}`)).status).toBe(404)
  })

  it('want a token with the scope', async () => {
    await using service = await office.start()
    expect((await fetch(`${service.url}/webhooks`)).status).toBe(401)
    const authorization = await service.tokenOf(randomUUID(), 'orders:read', 'orders:write')
    expect((await fetch(`${service.url}/webhooks`, { headers: { authorization } })).status).toBe(403)
  })

  it('are as many as are allowed, also when they are registered at once', async () => {
    await using service = await startUnguarded()
    const owner = randomUUID()
    const answers = await Promise.all(
      Array.from({ length: 14 }, (_, index) =>
        call(service, owner, 'POST', '/webhooks', { url: `https://hooks.example/${index}` }),
      ),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(10)
    expect(answers.find(({ status }) => status === 409)?.body.type).toBe(`${PROBLEM}too-many-webhooks`)
  })

  it.each([
    'http://127.0.0.1/',
    'http://0x7f000001/',
    'http://[::ffff:169.254.169.254]/latest/meta-data',
    'http://inside.example/',
    'http://nowhere.example/',
  ])('refuse %s with one and the same answer', async (url) => {
    await using service = await office.start({
      resolve: async (name) => {
        if (name === 'inside.example') return [{ address: '10.0.0.7', family: 4 }]
        throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { syscall: 'getaddrinfo', code: 'ENOTFOUND' })
      },
    })
    const { status, body } = await call(service, randomUUID(), 'POST', '/webhooks', { url })
    expect([status, body.type]).toEqual([422, `${PROBLEM}webhook-address-refused`])
    expect(JSON.stringify(body)).not.toContain('10.0.0.7')
  })
})

describe('the webhook sender', () => {
  it('sends a body that the library finds signed by the secret, without who bought', async () => {
    await using receiver = await startReceiver()
    await using service = await startUnguarded()
    const { secret } = await register(service, receiver.url)
    const event = makeEvent()
    await publish(office.booking, event)
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1), WITHIN)
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.received
    const signed = Object.fromEntries(
      ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [name, String(headers[name])]),
    )
    expect(new Webhook(secret).verify(body, signed)).toMatchObject({
      id: event.id,
      type: 'order.confirmed',
      data: { orderId: event.order.id, seatIds: event.order.seatIds },
    })
    expect(signed['webhook-id']).toBe(event.id)
    expect(body).not.toContain(event.order.userId)
    expect(() => new Webhook(secret).verify(`${body} `, signed)).toThrow()
    const other = new Webhook(`whsec_${Buffer.from(randomUUID()).toString('base64')}`)
    expect(() => other.verify(body, signed)).toThrow()
  })

  it('tells one that was away again, and the others only once', async () => {
    await using away = await startReceiver()
    await using there = await startReceiver()
    await using service = await startUnguarded()
    away.answer = (_req, res) => void res.writeHead(away.received.length < 3 ? 503 : 200).end()
    await register(service, away.url)
    await register(service, there.url)
    await publish(office.booking, makeEvent())
    await vi.waitFor(() => expect(away.received).toHaveLength(3), WITHIN)
    await vi.waitFor(async () => expect(await outcomes(service, 'delivered')).toBe(2), WITHIN)
    expect(there.received).toHaveLength(1)
    expect(new Set(away.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  })

  it('follows no redirect, and bounds the size of an answer', async () => {
    await using inside = await startReceiver()
    await using redirecting = await startReceiver()
    await using endless = await startReceiver()
    redirecting.answer = (_req, res) => void res.writeHead(307, { location: inside.url }).end()
    endless.answer = (_req, res) => void res.writeHead(200).end('x'.repeat(100_000))
    await using service = await startUnguarded()
    for (const { url } of [redirecting, endless]) await register(service, url)
    await publish(office.booking, makeEvent())
    for (const outcome of ['redirect', 'too_large']) {
      await vi.waitFor(async () => expect(await outcomes(service, outcome)).toBe(3), WITHIN)
    }
    expect(inside.received).toEqual([])
  })

  it('bounds the time of an answer', async () => {
    await using slow = await startReceiver()
    slow.answer = (_req, res) => void res.writeHead(200).write('.')
    await using service = await startUnguarded({ webhookClient: { timeoutMs: 300 } })
    await register(service, slow.url)
    await publish(office.booking, makeEvent())
    await vi.waitFor(async () => expect(await outcomes(service, 'timeout')).toBe(3), WITHIN)
  })

  it('connects to no address that was not checked, though the name has moved since the registration', async () => {
    await using receiver = await startReceiver()
    let answers = 0
    await using service = await office.start({
      // Public at the registration and at the check before the request, inside at the connection.
      resolve: async () => {
        answers += 1
        return [{ address: answers <= 2 ? '192.0.43.8' : '127.0.0.1', family: 4 }]
      },
    })
    await register(service, `http://localhost:${receiver.port}/hook`)
    await publish(office.booking, makeEvent())
    await vi.waitFor(async () => expect(await outcomes(service, 'address_refused')).toBe(1), WITHIN)
    expect(answers).toBe(3)
    expect(receiver.received).toEqual([])
    expect(service.telemetry.lines).toContainEqual(
      expect.objectContaining({ 'event.name': 'security.webhook_address_refused' }),
    )
  })
})
