import { type ClientRequest, get } from 'node:http'
import { SpanKind } from '@opentelemetry/api'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../poll.ts'
import { Child, countsOf, exemplarsOf, type Report, totalOf } from './child.ts'

const SERVER = 'http_server_request_duration_seconds_count'
const CLIENT = 'http_client_request_duration_seconds_count'
const ACTIVE = 'http_server_active_requests'

const APP = new URL('http-app.ts', import.meta.url)

async function fetchText(url: string): Promise<string> {
  const { body } = await request(url)
  return body.text()
}

function served(child: Child, requests: number): Promise<Report> {
  return until(`${requests} requests in the metrics`, async () => {
    const report = await child.report()
    return totalOf(report, SERVER) >= requests && report
  })
}

describe('a service on node:http that calls itself', () => {
  it.each(['/outer', '/fetching'])('counts both requests and the call, of %s', async (path) => {
    await using child = await Child.start(APP, { TEST_EXEMPLARS: 'sampled' })
    expect(await fetchText(`${child.urls.plain}${path}`)).toBe('inner')
    const report = await served(child, 2)
    expect(totalOf(report, SERVER)).toBe(2)
    expect(countsOf(report, CLIENT)).toEqual([
      {
        labels: { http_request_method: 'GET', peer_service: 'localhost', http_response_status_code: '200' },
        value: 1,
      },
    ])
    const ofOneTrace = report.spans.filter(({ kind }) => kind !== SpanKind.INTERNAL)
    expect(new Set(ofOneTrace.map(({ traceId }) => traceId)).size).toBe(1)
    const exported = new Set(report.spans.map(({ traceId, spanId }) => traceId + spanId))
    for (const { traceId, spanId } of exemplarsOf(report)) expect(exported).toContain(traceId + spanId)
  })
})

describe('a client that leaves', () => {
  let child: Child

  beforeAll(async () => {
    child = await Child.start(APP)
  })

  afterAll(async () => child?.[Symbol.asyncDispose]())

  /** Sends a request and leaves when the service has it; `begun` when its answer has begun. */
  async function leave(
    url: string,
    begun: boolean,
  ): Promise<{ labels: object; attributes: object | undefined }> {
    const before = await child.report()
    const call: ClientRequest = get(url).on('error', () => {})
    if (begun) await new Promise((resolve) => call.on('response', resolve))
    else await until('request arrived', async () => totalOf(await child.report(), ACTIVE) > 0)
    call.destroy()
    const report = await served(child, totalOf(before, SERVER) + 1)
    const known = new Map(
      countsOf(before, SERVER).map(({ labels, value }) => [JSON.stringify(labels), value]),
    )
    const [added] = countsOf(report, SERVER).filter(
      ({ labels, value }) => known.get(JSON.stringify(labels)) !== value,
    )
    const { attributes } = report.spans.findLast(({ kind }) => kind === SpanKind.SERVER) ?? {}
    return { labels: added?.labels ?? {}, attributes }
  }

  const unanswered = { http_request_method: 'GET', http_route: 'unmatched', error_type: 'client_abort' }

  it.each([
    ['node:http', () => `${child.urls.plain}/hanging`],
    ['Koa', () => `${child.urls.koa}/hanging`],
  ])('before there is an answer of %s has none', async (_what, url) => {
    const { labels, attributes } = await leave(url(), false)
    expect(labels).toEqual(unanswered)
    expect(attributes).toHaveProperty(['error.type'], 'client_abort')
    expect(attributes).not.toHaveProperty(['http.response.status_code'])
  })

  it('while the answer is sent keeps the status that it saw', async () => {
    const { labels, attributes } = await leave(`${child.urls.plain}/begun`, true)
    expect(labels).toEqual({ ...unanswered, http_response_status_code: '200' })
    expect(attributes).toMatchObject({ 'error.type': 'client_abort', 'http.response.status_code': 200 })
  })

  it('does not hide a failure', async () => {
    const { labels, attributes } = await leave(`${child.urls.plain}/failing`, true)
    expect(labels).toEqual({ ...unanswered, http_response_status_code: '500', error_type: '500' })
    expect(attributes).toMatchObject({ 'error.type': '500', 'http.response.status_code': 500 })
  })

  it('is told from one that got its answer', async () => {
    const before = totalOf(await child.report(), SERVER)
    expect((await request(`${child.urls.koa}/nothing`)).statusCode).toBe(404)
    const report = await served(child, before + 1)
    const { attributes } = report.spans.findLast(({ kind }) => kind === SpanKind.SERVER) ?? {}
    expect(attributes).toMatchObject({ 'http.response.status_code': 404 })
    expect(attributes).not.toHaveProperty(['error.type'])
  })
})
