import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Pool, request } from 'undici'
import { describe, expect, it } from 'vitest'
import { exemplarOf, TestService } from './support.ts'

const HISTOGRAM = 'http_client_request_duration_seconds'

/** An upstream that answers as told. */
async function upstream(listener: RequestListener): Promise<AsyncDisposable & { readonly origin: string }> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

describe('outgoing HTTP', () => {
  it('traces undici and fetch, and hands the trace on', async () => {
    await using service = await TestService.start({ traces: { keepRatio: 1 } })
    const seen: (string | undefined)[] = []
    await using catalog = await upstream(({ headers }, response) => {
      seen.push(`${headers.traceparent} ${headers.tracestate}`)
      response.end('{}')
    })
    service.telemetry.setPeerService(`${catalog.origin}/`, 'catalog')
    await service.telemetry.withSpan('job', async () => {
      await (await request(`${catalog.origin}/concerts/1?secret=2`)).body.text()
      await (await fetch(`${catalog.origin}/venues`)).text()
    })
    await service.telemetry.flush()
    const [first, second, job] = service.receiver.spans
    expect(seen).toEqual(
      [first, second].map((span) => `00-${span?.traceId}-${span?.spanId}-01 faultline=keep`),
    )
    expect(first).toMatchObject({
      name: 'GET',
      kind: 'SPAN_KIND_CLIENT',
      traceId: job?.traceId,
      parentSpanId: job?.spanId,
      status: 'STATUS_CODE_UNSET',
    })
    expect(first?.attributes).toEqual({
      'http.request.method': 'GET',
      'url.full': `${catalog.origin}/concerts/1`,
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(catalog.origin).port),
      'peer.service': 'catalog',
      'http.response.status_code': 200,
    })
    const [count] = await service.scrape(`${HISTOGRAM}_count`)
    expect(count).toBe(
      `${HISTOGRAM}_count{http_request_method="GET",peer_service="catalog",http_response_status_code="200"} 2`,
    )
    const exemplars = (await service.scrape(`${HISTOGRAM}_bucket`)).flatMap((line) => exemplarOf(line) ?? [])
    expect([first, second].map((span) => span?.spanId)).toContain(exemplars[0]?.spanId)
  })

  it('ends the span when the body has arrived', async () => {
    await using service = await TestService.start()
    await using catalog = await upstream(async (_request, response) => {
      response.write('first half')
      await delay(80)
      response.end('second half')
    })
    const answer = await request(catalog.origin)
    await answer.body.text()
    // Whoever holds on to the answer does not make the span longer.
    await delay(80)
    await service.telemetry.flush()
    const [span] = service.receiver.spans
    const milliseconds = Number((span?.endNanos ?? 0n) - (span?.startNanos ?? 0n)) / 1e6
    expect(milliseconds).toBeGreaterThan(75)
    expect(milliseconds).toBeLessThan(160)
  })

  it('records refused, failed, aborted and unhappy calls', async () => {
    await using service = await TestService.start({ traces: { keepRatio: 0 } })
    await using catalog = await upstream((incoming, response) => {
      if (incoming.url === '/gone') response.writeHead(404).end()
      else if (incoming.url === '/broken') incoming.socket.destroy()
    })
    await (await request(`${catalog.origin}/gone`)).body.dump()
    await expect(request(`${catalog.origin}/broken`)).rejects.toThrow()
    await expect(request(catalog.origin, { signal: AbortSignal.timeout(50) })).rejects.toThrow()
    await expect(request('http://127.0.0.1:1/')).rejects.toThrow()
    await service.telemetry.flush()
    const { spans } = service.receiver
    expect(spans.map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => 'STATUS_CODE_ERROR'))
    expect(spans.map(({ attributes }) => attributes['error.type'])).toEqual([
      '404',
      'UND_ERR_SOCKET',
      'TimeoutError',
      'ECONNREFUSED',
    ])
    expect(spans[1]?.events[0]).toMatchObject({ name: 'exception' })
    expect(await service.scrape(`${HISTOGRAM}_count`)).toHaveLength(4)
  })

  it('keeps concurrent calls of one pool with their own parents', async () => {
    await using service = await TestService.start()
    await using catalog = await upstream(async (_request, response) => {
      await delay(5)
      response.end('x')
    })
    const pool = new Pool(catalog.origin, { connections: 2 })
    await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        service.telemetry.withSpan(`job ${index}`, async () => {
          await (await pool.request({ path: `/${index}`, method: 'GET' })).body.text()
        }),
      ),
    )
    await pool.close()
    await service.telemetry.flush()
    const jobs = new Map(service.receiver.spans.map((span) => [span.spanId, span]))
    const calls = service.receiver.spans.filter(({ kind }) => kind === 'SPAN_KIND_CLIENT')
    expect(calls).toHaveLength(12)
    for (const { parentSpanId, attributes } of calls) {
      expect(jobs.get(parentSpanId)?.name).toBe(
        `job ${new URL(String(attributes['url.full'])).pathname.slice(1)}`,
      )
    }
  })

  it('does not trace its own exports', async () => {
    await using service = await TestService.start()
    await service.telemetry.withSpan('job', () => undefined)
    await service.telemetry.flush()
    await service.telemetry.flush()
    expect(service.receiver.spans).toHaveLength(1)
    expect(service.receiver.requests).toEqual(['/v1/traces'])
  })
})
