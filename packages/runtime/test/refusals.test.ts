import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'undici'
import { expect, test } from 'vitest'
import { connectRuntime } from '../src/control/client.ts'
import { stateLayout } from '../src/state/layout.ts'
import { prepareStorage } from '../src/state/storage.ts'
import { eventually, freePorts, sandbox, untilState } from './harness.ts'

test('a port in use is named with its component, its holder and the way out', async () => {
  const [port = 0] = await freePorts(1)
  const holder = createServer().listen(port, '127.0.0.1')
  await once(holder, 'listening')
  await using box = await sandbox({ components: [{ name: 'shop', port }] })
  const refusal = await box.launch().catch((error: unknown) => error)
  holder.close()
  expect(refusal).toMatchObject({ name: 'StackError', exitCode: 3 })
  const { message } = refusal as Error
  expect(message).toMatch(new RegExp(`^port ${port} \\(shop, HTTP\\) is in use by pid ${process.pid} \\(`))
  expect(message).toMatch(/move all ports of the kit: --port-offset (\d000) \(or FAULTLINE_PORT_OFFSET=\1\)$/)
  expect(box.events()).toEqual([])
}, 60_000)

test('a second start in a state folder finds the first one, however close they are', async () => {
  const [port = 0] = await freePorts(1)
  await using box = await sandbox({ components: [{ name: 'a', port }] })
  const [first, second] = await Promise.allSettled([box.launch(), box.launch()])
  const launched = [first, second].flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
  expect(launched.filter(({ alreadyRunning }) => !alreadyRunning)).toHaveLength(1)
  const [winner] = launched
  if (winner === undefined) throw new Error('nothing runs')
  await untilState(winner, 'a', 'ready')
  const third = await box.launch()
  expect(third.alreadyRunning).toBe(true)
  await untilState(third, 'a', 'ready')
  expect(box.events()).toEqual(['start a'])
  expect(readFileSync(join(box.stateDir, 'logs/supervisor.log'), 'utf8')).toContain('supervisor started')
}, 60_000)

test('a state folder that cannot be written to is refused with the way out', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-readonly-'))
  try {
    const file = join(folder, 'file')
    await writeFile(file, '')
    await expect(prepareStorage(stateLayout(join(file, 'state')))).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(
        /^cannot write to .*: change its owner or mode, or set FAULTLINE_STATE_DIR/,
      ),
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a full disk is refused with what is free and what is needed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-full-'))
  try {
    await expect(prepareStorage(stateLayout(folder), 2 ** 62)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/^only \d+ MiB are free on the disk of .* \d+ MiB are needed/),
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('the control API refuses what it does not know, as problem documents', async () => {
  const [port = 0] = await freePorts(1)
  await using box = await sandbox({ components: [{ name: 'a', port }] })
  const launched = await box.launch()
  await untilState(launched, 'a', 'ready')
  await expect(launched.runtime.start('b')).rejects.toMatchObject({
    exitCode: 2,
    message: 'there is no component "b"; there are a',
  })
  const http = new Client('http://supervisor', { socketPath: stateLayout(box.stateDir).socket })
  const post = async (path: string, body: string): Promise<{ status: number; detail: string }> => {
    const answer = await http.request({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json' },
      body,
    })
    const { detail } = (await answer.body.json()) as { detail: string }
    return { status: answer.statusCode, detail }
  }
  expect(await post('/components/a/signal', '{"signal":"SIGNOTHING"}')).toMatchObject({ status: 400 })
  expect(await post('/components/a/restart', '{"environment":{}}')).toMatchObject({
    status: 400,
    detail: expect.stringContaining('environment'),
  })
  expect(await post('/components/a/restart', '{"env"')).toMatchObject({ status: 400 })
  await http.close()
  expect(box.events()).toEqual(['start a'])
}, 60_000)

test('a state folder whose path is too long for a socket works all the same', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'faultline-long-'))
  const stateDir = join(parent, 'x'.repeat(120))
  await prepareStorage(stateLayout(stateDir))
  const [port = 0] = await freePorts(1)
  await using box = await sandbox({ components: [{ name: 'a', port }] }, stateDir)
  const launched = await box.launch()
  await untilState(launched, 'a', 'ready')
  const { socket } = await launched.runtime.state()
  expect(socket).toMatch(new RegExp(`^${tmpdir()}/faultline-[0-9a-f]{16}\\.sock$`))
  await using again = await connectRuntime(stateDir)
  await again.stop('a')
  await box[Symbol.asyncDispose]()
  await eventually(async () => expect(await rm(parent, { recursive: true, force: true })).toBeUndefined())
}, 60_000)
