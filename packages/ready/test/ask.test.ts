import { createServer as createHttpServer } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { startPostgres } from '@faultline/test-support/servers'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ask, assertReady, Refusal } from '../src/ask.ts'
import { listening } from './support.ts'

const asked = (url: string) => ask(new URL(url))

/** A server with the connections that are open to it. */
async function serving(server: Server): Promise<{ port: number; open: ReadonlySet<Socket> }> {
  const open = new Set<Socket>()
  server.on('connection', (socket) => {
    open.add(socket)
    socket.on('error', () => {}).on('close', () => open.delete(socket))
  })
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return { port: await listening(server), open }
}

/** Says this to whoever sends a line. */
const saying = (answer: string) =>
  createServer((socket) => {
    socket.once('data', (line) =>
      socket.end(String(line) === 'PING\r\n' ? answer : '-ERR unknown command\r\n'),
    )
  })

test.each([
  ['+PONG\r\n', undefined],
  ['-NOAUTH Authentication required.\r\n', undefined],
  ['-LOADING Redis is loading the dataset in memory\r\n', '-LOADING Redis is loading the dataset in memory'],
  ['HTTP/1.1 400 Bad Request\r\n\r\n', 'HTTP/1.1 400 Bad Request'],
  ['', 'closed the connection without an answer'],
])('of Redis "%s" means %s', async (answer, why) => {
  const { port } = await serving(saying(answer))
  expect(await asked(`redis://127.0.0.1:${port}`)).toBe(why)
})

test.each(['http', 'postgres', 'redis', 'tcp'])('%s: nobody there is told as such', async (protocol) => {
  const server = createServer()
  const port = await listening(server)
  await new Promise((resolve) => server.close(resolve))
  expect(await asked(`${protocol}://127.0.0.1:${port}`)).toContain('ECONNREFUSED')
})

test('HTTP is ready by 2xx; the answer that is not is repeated', async () => {
  let status = 503
  const server = createHttpServer((_request, response) => {
    response.writeHead(status, { location: '/elsewhere' }).end(`warming up ${'…'.repeat(300)}`)
  })
  const { port } = await serving(server)
  expect(await asked(`http://127.0.0.1:${port}/ready`)).toMatch(/^status 503: warming up …{189}$/)
  status = 302
  expect(await asked(`http://127.0.0.1:${port}/ready`)).toMatch(/^status 302: warming up/)
  status = 200
  expect(await asked(`http://127.0.0.1:${port}/ready`)).toBeUndefined()
})

test('an answer that says no is distinguished from none', async () => {
  const { port } = await serving(createHttpServer((_request, response) => response.writeHead(503).end()))
  const { signal } = new AbortController()
  await expect(assertReady(new URL(`http://127.0.0.1:${port}`), signal)).rejects.toThrow(Refusal)
  await expect(assertReady(new URL(`redis://127.0.0.1:${port}`), signal)).rejects.toThrow(Refusal)
  await assertReady(new URL(`tcp://127.0.0.1:${port}`), signal)
  await using postgres = await startPostgres()
  const wrong = new URL(postgres.ownerUrl('nobody'))
  await expect(assertReady(wrong, signal)).rejects.toThrow(Refusal)
  wrong.port = '1'
  await expect(assertReady(wrong, signal)).rejects.not.toThrow(Refusal)
})

test('an answer leaves no connection behind', async () => {
  await using postgres = await startPostgres()
  const http = await serving(createHttpServer((_request, response) => response.end('ready')))
  const redis = await serving(createServer((socket) => socket.on('data', () => socket.write('+PONG\r\n'))))
  const urls = [
    `http://127.0.0.1:${http.port}`,
    `redis://127.0.0.1:${redis.port}`,
    postgres.ownerUrl('postgres'),
  ]
  for (const url of urls) expect(await asked(url)).toBeUndefined()
  await vi.waitFor(() => {
    expect(http.open.size + redis.open.size).toBe(0)
    expect(process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap')).toEqual([])
  })
})

test.each(['http', 'postgres', 'redis'])(
  '%s: who says nothing is given up after 2 s, or when the signal says so',
  async (protocol) => {
    // unread, its end would not be seen
    const { port, open } = await serving(createServer((socket) => socket.resume()))
    const url = `${protocol}://127.0.0.1:${port}`
    const giveUp = new AbortController()
    const given = assertReady(new URL(url), giveUp.signal).catch((error) => error.message)
    const both = Promise.all([asked(url), given])
    await vi.waitFor(() => expect(open.size).toBe(2))
    giveUp.abort(new Error('the component has ended'))
    await vi.waitFor(() => expect(open.size).toBe(1))
    expect(await both).toEqual([expect.stringContaining('timeout'), 'the component has ended'])
    await vi.waitFor(() => expect(open.size).toBe(0))
    await expect(assertReady(new URL(url), giveUp.signal)).rejects.toThrow('the component has ended')
  },
)
