import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exampleTrace, sendSpans } from './support/send.ts'
import {
  runStoreToEnd,
  startStoreProcess,
  storeEnvironment,
  temporaryFolder,
} from './support/store-process.ts'

test('SIGTERM under load ends it with 0, and everything acknowledged is kept', async () => {
  await using folder = await temporaryFolder()
  const environment = storeEnvironment(folder.path)
  const acknowledged: string[] = []
  const refused: number[] = []
  {
    await using store = await startStoreProcess(environment)
    const sendUntilGone = async (): Promise<void> => {
      for (;;) {
        const [server, client] = exampleTrace()
        const answer = await sendSpans(store.otlp, [server, client]).catch(() => undefined)
        if (answer === undefined) return
        if (answer.status === 200) acknowledged.push(server.traceId)
        else refused.push(answer.status)
      }
    }
    const senders = Array.from({ length: 8 }, sendUntilGone)
    await expect.poll(() => acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(100)
    const started = performance.now()
    expect(await store.terminate()).toBe(0)
    expect(performance.now() - started).toBeLessThan(8000)
    await Promise.all(senders)
  }
  expect(refused.filter((status) => status !== 503)).toEqual([])
  await using store = await startStoreProcess(environment)
  const answers = await Promise.all(
    acknowledged.map(async (traceId) => (await fetch(`${store.tempo}/api/traces/${traceId}`)).status),
  )
  expect(answers.filter((status) => status !== 200)).toEqual([])
})

test('a port in use is named, before any file is touched', async () => {
  await using folder = await temporaryFolder()
  await using store = await startStoreProcess(storeEnvironment(folder.path))
  const { port } = new URL(store.otlp)
  const environment = { ...storeEnvironment(folder.path), EMBEDDED_STORE_OTLP_PORT: port }
  const { exitCode, output } = await runStoreToEnd(environment)
  expect(exitCode).toBe(1)
  expect(output).toContain(
    `the OTLP receiver cannot listen on 127.0.0.1:${port}: another process listens there`,
  )
})

test('a wrong environment is explained, line by line', async () => {
  const { exitCode, output } = await runStoreToEnd({ EMBEDDED_STORE_TEMPO_PORT: '99999' })
  expect(exitCode).toBe(2)
  expect(output).toContain('EMBEDDED_STORE_TEMPO_PORT: ')
  expect(output).toContain('EMBEDDED_STORE_DATA_DIR: is required')
})

test('a data folder that cannot be made is explained', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'a-file')
  await writeFile(file, '')
  const { exitCode, output } = await runStoreToEnd(storeEnvironment(join(file, 'data')))
  expect(exitCode).toBe(1)
  expect(output).toMatch(/cannot start: ENOTDIR.*a-file\/data/)
})

test('one half can be served alone', async () => {
  await using folder = await temporaryFolder()
  const environment = { ...storeEnvironment(folder.path), EMBEDDED_STORE_SERVE: 'pyroscope' }
  await using store = await startStoreProcess(environment)
  expect([store.tempo, store.otlp]).toEqual(['', ''])
  expect(await (await fetch(`${store.pyroscope}/ready`)).text()).toBe('ready')
})
