import { createServer } from 'node:http'
import { startPostgres } from '@faultline/test-support/servers'
import { expect, test } from 'vitest'
import { parseTargets, readyServer } from '../src/server.ts'
import { listening } from './support.ts'

async function asked(targets: string): Promise<{ status: number; body: unknown }> {
  const server = readyServer(parseTargets(targets))
  try {
    const response = await fetch(`http://127.0.0.1:${await listening(server)}/readyz`)
    return { status: response.status, body: await response.json() }
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

test('is ready only when every backend is, and says of each other one why it is not', async () => {
  let status = 503
  const backend = createServer((_request, response) => {
    response.writeHead(status).end('warming up')
  })
  const url = `http://127.0.0.1:${await listening(backend)}`
  const unused = createServer()
  const gone = `http://127.0.0.1:${await listening(unused)}`
  unused.close()
  try {
    const targets = `loki=${url}/ready gone=${gone}/ready`
    expect(await asked(targets)).toEqual({
      status: 503,
      body: { loki: 'status 503: warming up', gone: expect.stringContaining('ECONNREFUSED') },
    })
    status = 204
    expect(await asked(`loki=${url}/ready`)).toEqual({ status: 200, body: { loki: 'ready' } })
  } finally {
    backend.close()
    backend.closeAllConnections()
  }
})

test('PostgreSQL is ready when it lets in, not when its port is open', async () => {
  await using postgres = await startPostgres()
  const url = new URL(postgres.ownerUrl('postgres'))
  expect(await asked(`postgres=${url.href}`)).toEqual({ status: 200, body: { postgres: 'ready' } })
  url.password = 'wrong'
  expect(await asked(`postgres=${url.href}`)).toEqual({
    status: 503,
    body: { postgres: expect.stringContaining('password authentication failed') },
  })
})
