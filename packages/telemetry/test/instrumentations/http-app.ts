// Services on node:http and Koa, without a word of telemetry; one calls itself, some are slow to answer.
import { once } from 'node:events'
import { createServer, get, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'

async function listen(handler: RequestListener): Promise<string> {
  const server: Server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://localhost:${(server.address() as AddressInfo).port}`
}

const plain = await listen((request, response) => {
  const { pathname } = new URL(request.url ?? '/', plain)
  if (pathname === '/outer') get(`${plain}/inner`, (answer) => answer.pipe(response))
  else if (pathname === '/fetching') {
    fetch(`${plain}/inner`)
      .then((answer) => answer.text())
      .then((text) => response.end(text))
      .catch(() => response.destroy())
  } else if (pathname === '/inner') response.end('inner')
  else if (pathname === '/begun') response.write('the first of many')
  else if (pathname === '/failing') response.writeHead(500).write('failed')
  // What else is asked for is never answered.
})

const app = new Koa()
app.use(async (ctx, next) => {
  if (ctx.path === '/hanging') await new Promise(() => {})
  await next()
})
const koa = await listen(app.callback() as RequestListener)

process.send?.({ plain, koa })
