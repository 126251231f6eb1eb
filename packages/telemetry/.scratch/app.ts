import http from 'node:http'
import Koa from 'koa'
import Router from '@koa/router'
import { request, Pool } from 'undici'
import { performance, monitorEventLoopDelay } from 'node:perf_hooks'
const UP = 'http://127.0.0.1:8151'
let t: any
if (process.env.TEL !== 'off') {
  const { startTelemetry } = await import('../src/index.ts')
  t = startTelemetry({ serviceName: 'bench', exporter: { endpoint: 'http://127.0.0.1:8152' }, httpClient: { peerServices: { [UP]: 'catalog' } }, ...(JSON.parse(process.env.TELOPTS ?? '{}')) })
}
const pool = new Pool(UP, { connections: 32 })
const app = new Koa()
if (t) app.use(t.middleware())
app.use(async (ctx, next) => { ctx.set('x-request-id', ctx.get('x-request-id') || 'abc'); await next() })
app.use(async (ctx, next) => { ctx.set('x-content-type-options', 'nosniff'); await next() })
const r = new Router({ prefix: '/v1' })
r.get('/concerts', async (ctx) => {
  const res = await pool.request({ path: '/concerts?limit=20', method: 'GET', headers: { accept: 'application/json' } })
  ctx.body = await res.body.json()
})
app.use(r.routes())
const lag = monitorEventLoopDelay({ resolution: 5 }); lag.enable()
http.createServer(app.callback()).listen(8150, '127.0.0.1')
http.createServer(async (q, s) => {
  const cpu = process.cpuUsage()
  if (q.url === '/reset') lag.reset()
  s.end(JSON.stringify({ cpu: cpu.user + cpu.system, lagMax: lag.max / 1e6, lag99: lag.percentile(99) / 1e6, prof: (globalThis as any).__prof, rss: process.memoryUsage.rss() / 1e6 }))
}).listen(8153, '127.0.0.1')
