import { cp, glob, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { REPOSITORY } from '../../rendered.ts'

/** A checkout of the repository as it is now, installed, in a folder whose path holds a space. */
export interface Checkout extends AsyncDisposable {
  readonly folder: string
  /** Runs a program in it; rejects when that fails. */
  run(command: string, ...args: string[]): Promise<string>
}

/** @param environment of what is run in it */
export async function checkout(environment: Readonly<Record<string, string>> = {}): Promise<Checkout> {
  const parent = await mkdtemp(join(tmpdir(), 'faultline checkout '))
  const folder = join(parent, 'the kit')
  const run = async (command: string, ...args: string[]) => {
    const { all } = await execa(command, args, { cwd: folder, env: environment, all: true, stdin: 'ignore' })
    return all
  }
  try {
    await execa('git', ['clone', '--quiet', REPOSITORY, folder])
    const list = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
    const { stdout } = await execa('git', list, { cwd: REPOSITORY })
    await execa('xargs', ['-0', 'cp', '--parents', '--no-dereference', `--target-directory=${folder}`], {
      cwd: REPOSITORY,
      input: stdout,
    })
    for await (const modules of glob(['node_modules', '{*,*/*}/node_modules'], { cwd: REPOSITORY })) {
      if (modules.startsWith('node_modules/')) continue
      // links between workspaces are relative: they lead to those of the checkout
      const options = { recursive: true, verbatimSymlinks: true }
      await cp(join(REPOSITORY, modules), join(folder, modules), options)
    }
  } catch (error) {
    await rm(parent, { recursive: true, force: true })
    throw error
  }
  return {
    folder,
    run,
    [Symbol.asyncDispose]: () => rm(parent, { recursive: true, force: true }),
  }
}

/**
 * A folder for `DOCKER_CONFIG` of a client that hands a proxy to every container, one where nobody answers. The client's
 * plugins are there as usual.
 */
export async function clientBehindProxy(): Promise<{ folder: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-docker-config-'))
  const proxy = 'http://127.0.0.1:9'
  await writeFile(
    join(folder, 'config.json'),
    JSON.stringify({ proxies: { default: { httpProxy: proxy, httpsProxy: proxy } } }),
  )
  const plugins = join(process.env.DOCKER_CONFIG ?? join(homedir(), '.docker'), 'cli-plugins')
  await mkdir(plugins, { recursive: true })
  await cp(plugins, join(folder, 'cli-plugins'), { recursive: true, verbatimSymlinks: true })
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}
