import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
const require = createRequire('/work/telscratch/')
const autocannon = require('autocannon')
const here = '/work/main/packages/telemetry/.scratch/'
const N = process.execPath
const configs = JSON.parse(process.argv[2]); const rounds = Number(process.argv[3] ?? 3); const secs = Number(process.argv[4] ?? 8)
const stub = spawn('taskset', ['-c', '1', N, here + 'stub.ts'], { stdio: 'inherit' })
const sleep = (ms) => new Promise(r => setTimeout(r, ms))
const get = async (p) => (await (await fetch('http://127.0.0.1:8153' + p)).json())
const results = {}
for (let i = 0; i < rounds; i++) for (const [name, env] of Object.entries(configs)) {
  const nodeArgs = env.NODEARGS ? env.NODEARGS.split(' ') : []
  const app = spawn('taskset', ['-c', '0', N, ...nodeArgs, here + (env.APP ?? 'app.ts')], { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit'] })
  for (;;) { try { await get('/'); break } catch { await sleep(100) } }
  await autocannon({ url: 'http://127.0.0.1:8150/v1/concerts', connections: 24, duration: 3 })
  await get('/reset'); const a = await get('/')
  const r = await autocannon({ url: 'http://127.0.0.1:8150/v1/concerts', connections: 24, duration: secs })
  const b = await get('/')
  ;(results[name] ??= []).push({ cpu: (b.cpu - a.cpu) / r.requests.total, rps: r.requests.total / r.duration, p50: r.latency.p50, p99: r.latency.p99, lagMax: b.lagMax, non2xx: r.non2xx, errors: r.errors, prof: b.prof, rss: b.rss })
  app.kill('SIGKILL'); await sleep(200)
}
stub.kill()
const med = (a) => a.toSorted((x, y) => x - y)[Math.floor(a.length / 2)]
const base = results[Object.keys(results)[0]]; const b0 = med(base.map(x => x.cpu)), r0 = med(base.map(x => x.rps))
for (const [n, l] of Object.entries(results)) console.log(n.padEnd(18), 'cpu', med(l.map(x => x.cpu)).toFixed(1), 'x' + (med(l.map(x => x.cpu)) / b0).toFixed(3), 'rps', med(l.map(x => x.rps)).toFixed(0), (med(l.map(x => x.rps)) / r0).toFixed(3), 'p50', med(l.map(x => x.p50)), 'p99', med(l.map(x => x.p99)), 'lagMax', med(l.map(x => x.lagMax)).toFixed(0), 'rss', med(l.map(x => x.rss)).toFixed(0), 'bad', l.reduce((s, x) => s + x.non2xx + x.errors, 0), JSON.stringify(l.at(-1).prof ?? ''))
