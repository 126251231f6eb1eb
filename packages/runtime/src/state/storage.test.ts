import { mkdir, mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { down, forceDown } from '../down.ts'
import { stateLayout } from './layout.ts'
import { lowSpace, prepareStorage } from './storage.ts'

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

test("a folder of somebody's is neither used nor deleted from", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'faultline-work-'))
  await mkdir(join(folder.path, 'data'))
  await writeFile(join(folder.path, 'data/thesis.txt'), 'precious')
  await writeFile(join(folder.path, 'state.json'), '{}')
  const refusal = {
    exitCode: 3,
    message: `${folder.path} holds what is not the kit's (data, state.json); nothing in it was touched: set FAULTLINE_STATE_DIR to a folder that is new or empty`,
  }
  await expect(prepareStorage(stateLayout(folder.path))).rejects.toMatchObject(refusal)
  await expect(down(folder.path, { volumes: true })).rejects.toMatchObject(refusal)
  await expect(forceDown(folder.path)).rejects.toMatchObject(refusal)
  expect((await readdir(folder.path)).sort()).toEqual(['data', 'state.json'])
  expect(await readFile(join(folder.path, 'data/thesis.txt'), 'utf8')).toBe('precious')
})

test("the kit's own folder stays so without its data, and with other files in it", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'faultline-work-'))
  const layout = stateLayout(join(folder.path, 'new'))
  await prepareStorage(layout)
  await writeFile(join(layout.data, 'table'), '')
  await writeFile(join(layout.root, 'notes.txt'), 'mine')
  await down(layout.root, { volumes: true })
  expect((await readdir(layout.root)).sort()).toEqual(['.faultline-state', 'notes.txt'])
  await prepareStorage(layout)
  expect(await readdir(layout.root)).toContain('data')
})

test("a state folder of before there was a marker is the kit's", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'faultline-work-'))
  const layout = stateLayout(folder.path)
  await mkdir(layout.logs)
  await mkdir(layout.data)
  await writeFile(join(layout.logs, 'supervisor.log'), '')
  await down(layout.root, { volumes: true })
  expect(await readdir(folder.path)).toEqual([])
})

test('a folder that drills in containers have used first is open to a kit', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'faultline-work-'))
  await mkdir(join(folder.path, 'compose/drills'), { recursive: true })
  await prepareStorage(stateLayout(folder.path))
  expect(await readdir(folder.path)).toContain('data')
})

test('a folder that is not there has nothing to stop', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'faultline-work-'))
  expect(await down(join(folder.path, 'nowhere'))).toEqual({ found: 'nothing', leftovers: [] })
})
