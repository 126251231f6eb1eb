import { startTelemetry } from '../src/index.ts'
import { decodeJson } from '../test/otlp/decode.ts'
import Koa from 'koa'
import Router from '@koa/router'
import http from 'node:http'
const got: any = {}
const sink = http.createServer((q, p) => { const c: Buffer[] = []; q.on('data', (x) => c.push(x)); q.on('end', () => { console.error("SINK", q.url, q.headers["content-length"]); const s = q.url!.split('/').pop()!; (got[s] ??= []).push(decodeJson(s as any, Buffer.concat(c))); p.end() }) }).listen(4378)
const t = startTelemetry({ serviceName: 'try', serviceInstanceId: 'try-1', exporter: { endpoint: 'http://127.0.0.1:4378' }, traces: { keepRatio: 1 } })
const app = new Koa()
app.use(t.middleware())
const r = new Router({ prefix: '/v1' })
r.get('/burn/:n', async (ctx) => { await new Promise((r) => setTimeout(r, 5)); const e = performance.now() + 50; while (performance.now() < e) Math.sqrt(e); ctx.body = 'x' })
app.use(r.routes())
const s = app.listen(8142, '127.0.0.1', async () => {
  await Promise.all(Array.from({ length: 8 }, () => fetch('http://127.0.0.1:8142/v1/burn/1')))
  console.error(performance.now()); await t.shutdown(); console.error(performance.now(), Object.keys(got), (await t.metrics()).body.split("\n").filter(l=>/^telemetry.* [1-9]/.test(l))); s.close(); s.closeAllConnections()
  console.error(JSON.stringify(got.traces[0]).slice(0,600)); const p = got.profiles[0]

  const d = p.dictionary
  for (const pr of p.resourceProfiles[0].scopeProfiles[0].profiles) {
    console.error(d.stringTable[pr.sampleType.typeStrindex], d.stringTable[pr.periodType.typeStrindex], pr.period, pr.durationNano, pr.samples.length)
    for (const x of pr.samples.filter((x: any) => x.linkIndex).slice(0, 4)) console.error(x.values, x.attributeIndices.map((a: number) => d.stringTable[d.attributeTable[a].keyStrindex] + '=' + d.attributeTable[a].value.stringValue), Buffer.from(d.linkTable[x.linkIndex].spanId, 'base64').toString('hex'), d.stackTable[x.stackIndex].locationIndices.slice(0, 3).map((l: number) => d.stringTable[d.functionTable[d.locationTable[l].lines[0].functionIndex].nameStrindex]))
    console.error('linked', pr.samples.filter((x: any) => x.linkIndex).reduce((s: number, x: any) => s + Number(x.values[0]), 0), 'of', pr.samples.reduce((s: number, x: any) => s + Number(x.values[0]), 0))
  }
  sink.close(); sink.closeAllConnections()
})
