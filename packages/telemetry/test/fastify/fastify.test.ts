import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { SpanKind } from '@opentelemetry/api'
import { execa } from 'execa'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Child, countsOf, exemplarsOf, totalOf } from '../instrumentations/child.ts'
import { until } from '../poll.ts'

const SERVER = 'http_server_request_duration_seconds_count'

describe('Fastify under @fastify/otel', () => {
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'telemetry-fastify-'))
    for (const file of ['package.json', 'package-lock.json', 'app.mjs']) {
      await cp(join(import.meta.dirname, file), join(folder, file))
    }
    await execa('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: folder })
  })

  afterAll(() => rm(folder, { recursive: true, force: true }))

  it.each([
    ['with', { TEST_HTTP: 'on' }],
    ['without', { TEST_HTTP: 'off' }],
    ['without sampling, with', { TEST_HTTP: 'on', TEST_SAMPLER: 'off' }],
  ])(
    '%s the official HTTP instrumentation counts each request once, by its route',
    async (_what, env: NodeJS.ProcessEnv) => {
      await using child = await Child.start(pathToFileURL(join(folder, 'app.mjs')), {
        TEST_EXEMPLARS: 'sampled',
        ...env,
      })
      for (const path of ['/v1/seats/1', '/v1/seats/2', '/broken', '/nothing']) {
        await (await request(`${child.urls.fastify}${path}`)).body.dump()
      }
      const report = await until('all requests in the metrics', async () => {
        const report = await child.report()
        return totalOf(report, SERVER) >= 4 && report
      })
      const counts = countsOf(report, SERVER).map(({ labels, value }) => [
        `${labels.http_request_method} ${labels.http_route} ${labels.http_response_status_code}`,
        value,
      ])
      expect(Object.fromEntries(counts)).toEqual({
        'GET /v1/seats/:id 200': 2,
        'GET /broken 500': 1,
        'GET unmatched 404': 1,
      })
      expect(countsOf(report, 'http_server_active_requests').map(({ value }) => value)).toEqual([0])
      const isSampled = env.TEST_SAMPLER !== 'off'
      expect(report.spans.filter(({ kind }) => kind === SpanKind.SERVER)).toHaveLength(isSampled ? 4 : 0)
      const exported = new Set(report.spans.map(({ traceId, spanId }) => traceId + spanId))
      expect(exemplarsOf(report).length > 0).toBe(isSampled)
      for (const { traceId, spanId } of exemplarsOf(report)) expect(exported).toContain(traceId + spanId)
    },
  )
})
