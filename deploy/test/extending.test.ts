/** docs/extending.md, followed in a copy of the repository: what it says is enough, and no test minds what is new. */
import { existsSync } from 'node:fs'
import {
  glob,
  mkdir,
  mkdtempDisposable,
  readdir,
  readFile,
  readlink,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { REPOSITORY } from './rendered.ts'

const TIMEOUT_MS = 600_000
const SERVICE = 'services/reviews'

/** What the repository keeps, with the packages that are installed in it. */
async function copyTo(folder: string): Promise<void> {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
  const { stdout } = await execa('git', list, { cwd: REPOSITORY })
  const files = stdout.split('\0').filter((file) => file !== '' && existsSync(join(REPOSITORY, file)))
  await execa('xargs', ['-0', 'cp', '--parents', '--no-dereference', `--target-directory=${folder}`], {
    cwd: REPOSITORY,
    input: files.join('\0'),
  })
  const link = (path: string) => symlink(join(REPOSITORY, path), join(folder, path))
  for await (const nested of glob(['*/node_modules', '*/*/node_modules'], { cwd: REPOSITORY })) {
    if (!nested.startsWith('node_modules/')) await link(nested)
  }
  // links to the packages of the repository are relative, and lead to those of the copy
  const own = 'node_modules/@faultline'
  await mkdir(join(folder, own), { recursive: true })
  for (const name of await readdir(join(REPOSITORY, own))) {
    await symlink(await readlink(join(REPOSITORY, own, name)), join(folder, own, name))
  }
  await symlink(`../../${SERVICE}`, join(folder, own, 'reviews'))
  for (const name of await readdir(join(REPOSITORY, 'node_modules'))) {
    if (name !== '@faultline' && name !== '.vite') await link(join('node_modules', name))
  }
}

test(
  'a service is added by its own files, its contract and three changes, a metric by three',
  async () => {
    await using copy = await mkdtempDisposable(join(tmpdir(), 'faultline-extending-'))
    const folder = copy.path
    await copyTo(folder)
    const expectDone = async (command: string, ...args: string[]) => {
      const options = { cwd: folder, preferLocal: true, localDir: folder, all: true, reject: false }
      const { exitCode, all } = await execa(command, args, options)
      expect(exitCode, all).toBe(0)
    }

    const page = await readFile(join(REPOSITORY, 'docs/extending.md'), 'utf8')
    for (const [, path = '', text = ''] of page.matchAll(/^`([\w./-]+)`\n\n```\w+\n(.*?)^```$/gms)) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text)
    }
    const changes = [...page.matchAll(/^```diff\n(.*?)^```$/gms)].map(([, change]) => change)
    await writeFile(join(folder, 'page.diff'), changes.join(''))
    await expectDone('git', 'apply', 'page.diff')
    await expectDone('node', 'packages/runtime/src/generate-topology.ts')
    await expectDone('node', 'deploy/compose/generate-closed.ts')
    await expectDone('npm', 'run', 'telemetry:generate')

    await expectDone('biome', 'check', SERVICE, 'packages/contracts', 'services/ticketing', 'grafana/src')
    const include = [
      SERVICE,
      'packages/contracts/src',
      'packages/runtime/src',
      'services/ticketing',
      'grafana/src',
    ]
    await writeFile(join(folder, 'page.json'), JSON.stringify({ extends: './tsconfig.json', include }))
    await expectDone('tsc', '-p', 'page.json')
    const tests = [
      SERVICE,
      'packages/contracts',
      'packages/runtime/src/generate-topology.test.ts',
      'packages/runtime/test/interpret.test.ts',
      'collector/test/scrape.test.ts',
      'deploy/test/compose-addresses.test.ts',
      'deploy/test/compose-file.test.ts',
      'deploy/test/config-defaults.test.ts',
      'telemetry/src/registry.test.ts',
      'telemetry/test/exposed.test.ts',
      'grafana/src',
    ]
    await expectDone('vitest', 'run', ...tests)
  },
  TIMEOUT_MS,
)
