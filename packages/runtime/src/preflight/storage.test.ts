import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lowSpace } from './storage.ts'

const folder = join(tmpdir(), 'nobody/has/made/it')

test('a disk with less than a start needs is named once, though several folders are on it', async () => {
  expect(await lowSpace([folder, tmpdir()], 2 ** 62)).toEqual([
    expect.stringMatching(
      new RegExp(
        `^only \\d+ MiB are left on the disk of ${folder}: with less than \\d+ MiB the kit does not start`,
      ),
    ),
  ])
})

test('two disks are two lines', async () => {
  expect(await lowSpace([folder, '/dev'], 2 ** 62)).toHaveLength(2)
})

test('of a disk with room there is nothing to say', async () => {
  expect(await lowSpace([folder, '/dev/shm'], 0)).toEqual([])
})
