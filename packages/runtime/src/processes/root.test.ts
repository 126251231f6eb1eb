import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { aService } from '../../test/fixtures/services.ts'
import type { ComposeService } from '../compose-file/service.ts'
import { stateLayout } from '../state/layout.ts'
import { layOutRoot, rootFolder } from './root.ts'

type Mount = ComposeService['mounts'][number]

let folder: string
const inFolder = (...parts: readonly string[]) => join(folder, ...parts)

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultline root, [1] '))
  await mkdir(inFolder('config/rules'), { recursive: true })
  await writeFile(inFolder('config/main.yaml'), 'to: there')
  await writeFile(inFolder('config/rules/a.yaml'), 'rule')
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const config = (): Mount => ({ type: 'bind', source: inFolder('config'), target: '/etc/app' })
const data: Mount = { type: 'volume', source: 'app', target: '/var/lib/app' }

async function layOut(mounts: Mount[], rewrites: readonly string[] = []): Promise<string> {
  const layout = stateLayout(inFolder('state'))
  const service = aService('app', { mounts })
  const root = rootFolder(layout, 'app')
  await layOutRoot(
    { folder: root, service, rewrites, rewrite: (text) => text.replace('there', 'here') },
    layout,
  )
  return root
}

describe('layOutRoot', () => {
  it('shows mounts at their paths, volumes in the data folder', async () => {
    const root = await layOut([config(), data])
    expect(await readFile(join(root, 'etc/app/main.yaml'), 'utf8')).toBe('to: there')
    await writeFile(join(root, 'var/lib/app/kept'), '')
    expect(await readdir(inFolder('state/data/app'))).toEqual(['kept'])
  })

  it('copies and rewrites what holds addresses, and links all else', async () => {
    const root = await layOut([config()], ['/etc/app/*.yaml'])
    expect(await readFile(join(root, 'etc/app/main.yaml'), 'utf8')).toBe('to: here')
    expect(await readlink(join(root, 'etc/app/rules'))).toBe(inFolder('config/rules'))
    expect(await readFile(inFolder('config/main.yaml'), 'utf8')).toBe('to: there')
  })

  it('follows changes: files that come and go, mounts that lead elsewhere', async () => {
    const root = await layOut([config()], ['/etc/app/*.yaml'])
    await writeFile(inFolder('config/new.yaml'), 'go there')
    await rm(inFolder('config/main.yaml'))
    await layOut([config()], ['/etc/app/*.yaml'])
    expect((await readdir(join(root, 'etc/app'))).sort()).toEqual(['new.yaml', 'rules'])
    await mkdir(inFolder('other'))
    await layOut([{ ...config(), source: inFolder('other') }])
    expect(await readlink(join(root, 'etc/app'))).toBe(inFolder('other'))
    await layOut([config()], ['/etc/app/*.yaml'])
    expect(await readdir(inFolder('other'))).toEqual([])
    expect(await readdir(inFolder('config/rules'))).toEqual(['a.yaml'])
  })

  it('puts a link in the place of one that leads nowhere', async () => {
    const root = await layOut([])
    await mkdir(join(root, 'etc'), { recursive: true })
    await symlink(inFolder('gone'), join(root, 'etc/app'))
    await layOut([config()])
    expect(await readlink(join(root, 'etc/app'))).toBe(inFolder('config'))
  })

  it('names the place of a mount that is not there', async () => {
    await expect(layOut([{ ...config(), source: inFolder('gone') }])).rejects.toThrow(
      /docker-compose\.yml:7: service app mounts .*gone, which is not there/,
    )
  })

  it('is the same when several lay it out at once, as two loads do', async () => {
    await Promise.all(Array.from({ length: 8 }, () => layOut([config(), data])))
    const root = await layOut([config(), data])
    expect((await readdir(join(root, 'etc'))).sort()).toEqual(['app'])
    expect(await readlink(join(root, 'etc/app'))).toBe(inFolder('config'))
  })
})
