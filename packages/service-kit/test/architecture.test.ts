/** The architecture's rules hold, and each of them notices when it is broken. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser'
import extractConfiguration from 'dependency-cruiser/config-utl/extract-depcruise-config'
import { afterEach, describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

/** Violations in the folders `packages` and `services` of a repository, as `rule: from -> to`. */
async function violationsIn(repository: string): Promise<{ violations: string[]; modules: number }> {
  const { options, ...ruleSet } = await extractConfiguration(join(ROOT, '.dependency-cruiser.js'))
  const cruiseOptions: ICruiseOptions = { ...options, ruleSet, validate: true, baseDir: repository }
  const { output } = await cruise(['packages', 'services'], cruiseOptions)
  const { summary } = output as ICruiseResult
  return {
    violations: summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`),
    modules: summary.totalCruised,
  }
}

/** A repository of the given files, each of which imports one other file. */
async function repositoryOf(imports: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-architecture-'))
  folders.push(folder)
  await mkdir(join(folder, 'packages'))
  await mkdir(join(folder, 'services'))
  const write = async (path: string, text: string, flag: 'w' | 'wx') => {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text, { flag })
  }
  for (const [from, to] of Object.entries(imports)) {
    const specifier = relative(dirname(from), to)
    const text = `import type { T } from '${specifier.startsWith('.') ? specifier : `./${specifier}`}'\n`
    await write(from, `${text}export type U = T\n`, 'w')
  }
  for (const to of Object.values(imports)) await write(to, 'export type T = 1\n', 'wx').catch(() => undefined)
  return folder
}

describe('the repository', () => {
  it('keeps the rules of its architecture', async () => {
    const { violations, modules } = await violationsIn(ROOT)
    expect(violations).toEqual([])
    expect(modules).toBeGreaterThan(100)
  })
})

describe('the rules notice', () => {
  it.each([
    [
      'a route that skips the domain',
      'layer-routes',
      'services/a/src/routes/x.ts',
      'services/a/src/repositories/y.ts',
    ],
    [
      'a domain that knows its routes',
      'layer-domain',
      'services/a/src/domain/x.ts',
      'services/a/src/routes/y.ts',
    ],
    [
      'a repository that knows the domain',
      'layer-repositories',
      'services/a/src/repositories/x.ts',
      'services/a/src/domain/y.ts',
    ],
    [
      'a cache that knows the domain',
      'layer-cache',
      'services/a/src/cache/x.ts',
      'services/a/src/domain/y.ts',
    ],
    [
      "a service that reaches into another one's folder",
      'service-apart',
      'services/a/src/x.ts',
      'services/b/src/y.ts',
    ],
    [
      "a test that reaches into another service's folder",
      'service-apart',
      'services/a/test/x.ts',
      'services/b/src/y.ts',
    ],
    [
      'a service that knows the stack',
      'service-packages',
      'services/a/src/x.ts',
      'packages/runtime/src/y.ts',
    ],
    [
      'a package that knows a service',
      'package-contracts',
      'packages/contracts/src/x.ts',
      'services/a/src/y.ts',
    ],
    [
      'telemetry that knows another package',
      'package-telemetry',
      'packages/telemetry/src/x.ts',
      'packages/contracts/src/y.ts',
    ],
    [
      'service-kit that knows the stack',
      'package-service-kit',
      'packages/service-kit/src/x.ts',
      'packages/runtime/src/y.ts',
    ],
    [
      'a client that knows the stack',
      'package-backends-client',
      'packages/backends-client/src/x.ts',
      'packages/runtime/src/y.ts',
    ],
  ])('%s', async (_, rule, from, to) => {
    const { violations } = await violationsIn(await repositoryOf({ [from]: to }))
    expect(violations).toEqual([`${rule}: ${from} -> ${to}`])
  })

  it('modules that need each other', async () => {
    const folder = await repositoryOf({ 'packages/runtime/src/x.ts': 'packages/runtime/src/y.ts' })
    await writeFile(
      join(folder, 'packages/runtime/src/x.ts'),
      "import { y } from './y.ts'\nexport const x = () => y()\n",
    )
    await writeFile(
      join(folder, 'packages/runtime/src/y.ts'),
      "import { x } from './x.ts'\nexport const y = () => x()\n",
    )
    expect((await violationsIn(folder)).violations).toContainEqual(expect.stringContaining('no-circle'))
  })

  it('nothing where everything is in order', async () => {
    const imports = {
      'services/a/src/routes/x.ts': 'services/a/src/domain/y.ts',
      'services/a/src/domain/y.ts': 'services/a/src/repositories/z.ts',
      'services/a/src/repositories/z.ts': 'packages/service-kit/src/k.ts',
      'packages/service-kit/src/k.ts': 'packages/telemetry/src/t.ts',
    }
    expect((await violationsIn(await repositoryOf(imports))).violations).toEqual([])
  })
})
