import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  keepPrevious,
  lastLines,
  lastWords,
  logFile,
  openLog,
  previousLogFile,
  rotateIfLarge,
  sizeOf,
} from './logs.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultline-logs-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('the log of the previous run is kept, the one before it is not', () => {
  const file = logFile(folder, 'a')
  for (const run of ['first', 'second', 'third']) {
    keepPrevious(folder, 'a')
    writeFileSync(file, run)
  }
  expect(readFileSync(file, 'utf8')).toBe('third')
  expect(readFileSync(previousLogFile(folder, 'a'), 'utf8')).toBe('second')
})

test('a log over its limit is set aside while it is written to, without holes', async () => {
  const file = logFile(folder, 'a')
  const log = await openLog(file)
  const write = (text: string): Promise<void> => new Promise((done) => log.write(text, () => done()))
  await write('x'.repeat(200))
  expect(rotateIfLarge(folder, 'a', 200)).toBe(false)
  expect(rotateIfLarge(folder, 'a', 199)).toBe(true)
  await write('after')
  log.close()
  expect(readFileSync(file, 'utf8')).toBe('after')
  expect(readFileSync(previousLogFile(folder, 'a'), 'utf8')).toBe('x'.repeat(200))
  expect(rotateIfLarge(folder, 'missing')).toBe(false)
})

test('the last lines leave out empty ones and what was cut off at the front', async () => {
  const file = join(folder, 'long.log')
  writeFileSync(file, `${'y'.repeat(100_000)}\n`)
  appendFileSync(file, 'one\n\ntwo\nthree')
  expect(await lastLines(file, 2)).toEqual(['two', 'three'])
  expect(await lastLines(file, 10)).toEqual(['one', 'two', 'three'])
  expect(await lastLines(join(folder, 'none.log'), 2)).toEqual([])
})

test('the last lines of one try leave out those of the try before it', async () => {
  const file = join(folder, 'tries.log')
  writeFileSync(file, 'first try\n')
  const start = sizeOf(file)
  appendFileSync(file, 'second try\n')
  expect(await lastLines(file, 5, start)).toEqual(['second try'])
  expect(await lastLines(file, 5, 10_000)).toEqual(['first try', 'second try'])
  expect(sizeOf(join(folder, 'none.log'))).toBe(0)
})

test('the last words of a crashed program leave out its stack', async () => {
  const file = join(folder, 'crash.log')
  const crash = [
    'listening',
    'file:///service/main.ts:6',
    "throw new Error('no')",
    '      ^',
    '',
    `Error: no ${'x'.repeat(400)}`,
    '    at main (file:///service/main.ts:6:7)',
    '    at node:internal/modules/esm/module_job:561:25',
    '',
    'Node.js v24.21.0',
  ]
  writeFileSync(file, crash.join('\n'))
  const words = await lastWords(file, 2)
  expect(words[0]).toBe("throw new Error('no')")
  expect(words[1]).toMatch(/^Error: no x+…$/)
  expect(words[1]?.length).toBe(301)
})
