import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { identify } from '../process/identity.ts'
import { acquireLock } from './lock.ts'

const self = identify(process.pid) ?? { pid: process.pid, startTime: '' }
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultline-lock-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('the first one gets the lock, the next one learns who has it', async () => {
  const file = join(folder, 'lock')
  expect(acquireLock(file, self)).toBeUndefined()
  expect(acquireLock(file, { pid: 1, startTime: 'another' })).toEqual(self)
  expect(await readdir(folder)).toEqual(['lock'])
})

test.each([
  ['of a process that is gone', JSON.stringify({ pid: process.pid, startTime: 'long ago' })],
  ['that nobody can read', '{'],
])('a lock %s is taken over', async (_what, text) => {
  const file = join(folder, 'lock')
  await writeFile(file, text)
  expect(acquireLock(file, self)).toBeUndefined()
  expect(existsSync(file)).toBe(true)
  expect(acquireLock(file, self)).toEqual(self)
})
