/** The architecture's rules hold, cover every folder, and each of them notices when it is broken. */
import { globSync } from 'node:fs'
import { mkdir, mkdtempDisposable, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser'
import extractConfiguration from 'dependency-cruiser/config-utl/extract-depcruise-config'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const { options, ...ruleSet } = await extractConfiguration(join(ROOT, '.dependency-cruiser.js'))
const rules = (ruleSet.forbidden ?? []).map(({ name = '' }) => name)

/** Folders with TypeScript: packages, services, and others at the top. */
const foldersIn = (repository: string): readonly string[] => {
  const files = globSync('*/**/*.{ts,tsx}', { cwd: repository, exclude: ['**/node_modules', '**/dist'] })
  return [
    ...new Set(files.map((file) => /^(?:(?:packages|services)\/)?[^/]+/.exec(file)?.[0] ?? file)),
  ].sort()
}

/** Violations in a repository, as `rule: from -> to`. */
async function violationsIn(repository: string): Promise<{ violations: string[]; modules: number }> {
  const cruiseOptions: ICruiseOptions = { ...options, ruleSet, validate: true, baseDir: repository }
  const { output } = await cruise([...foldersIn(repository)], cruiseOptions)
  const { summary } = output as ICruiseResult
  return {
    violations: summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`),
    modules: summary.totalCruised,
  }
}

/**
 * Violations in a repository of the given files, each of which imports one other file: by its path, or by the name of
 * its package, `@faultline/NAME`.
 */
async function violationsOf(imports: readonly (readonly [from: string, to: string])[]): Promise<string[]> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'faultline-architecture-'))
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(folder.path, path)), { recursive: true })
    await writeFile(join(folder.path, path), text)
  }
  await mkdir(join(folder.path, 'node_modules/@faultline'), { recursive: true })
  const sources = new Set(imports.map(([from]) => from))
  for (const [from, to] of imports) {
    const [, name] = /^@faultline\/(.*)$/.exec(to) ?? []
    if (name !== undefined) {
      await write(`packages/${name}/package.json`, '{ "exports": "./src/index.ts" }')
      await write(`packages/${name}/src/index.ts`, 'export const value = 1\n')
      await symlink(`../../packages/${name}`, join(folder.path, 'node_modules/@faultline', name))
    } else if (!sources.has(to)) await write(to, 'export const value = 1\n')
    const path = relative(dirname(from), to)
    const specifier = name === undefined ? (path.startsWith('.') ? path : `./${path}`) : to
    await write(from, `import { value as other } from '${specifier}'\nexport const value = other\n`)
  }
  return (await violationsIn(folder.path)).violations
}

describe('the repository', () => {
  it('keeps the rules of its architecture', async () => {
    const { violations, modules } = await violationsIn(ROOT)
    expect(violations).toEqual([])
    expect(modules).toBeGreaterThan(500)
  })

  it('has a rule for each folder with TypeScript, and none for another', () => {
    const folders = foldersIn(ROOT).map((folder) => folder.replace(/^services\/.*/, 'services/[^/]+'))
    const named = rules.filter((name) => !/^(?:layer-|by-name|no-circle)/.test(name))
    // everything in test/ and .ci/ is tests
    expect(named).toEqual([...new Set(folders)].filter((folder) => folder !== 'test' && folder !== '.ci'))
  })
})

/** One import that breaks each rule. */
const BROKEN: readonly (readonly [rule: string, from: string, to: string])[] = [
  ['bench', 'bench/src/x.ts', '@faultline/verify'],
  ['collector', 'collector/src/x.ts', '@faultline/runtime'],
  ['deploy', 'deploy/compose/x.ts', '@faultline/cli'],
  ['drills', 'drills/x.ts', '@faultline/runtime'],
  ['grafana', 'grafana/src/x.ts', '@faultline/contracts'],
  ['loadtests', 'loadtests/src/x.ts', '@faultline/runtime'],
  ['packages/backends-client', 'packages/backends-client/src/x.ts', '@faultline/runtime'],
  ['packages/cli', 'packages/cli/src/x.ts', '@faultline/service-kit'],
  ['packages/contracts', 'packages/contracts/src/x.ts', 'services/catalog/src/y.ts'],
  ['packages/drill-engine', 'packages/drill-engine/src/x.ts', '@faultline/verify'],
  ['packages/embedded-store', 'packages/embedded-store/src/x.ts', '@faultline/telemetry'],
  ['packages/pager', 'packages/pager/src/x.ts', '@faultline/service-kit'],
  ['packages/ready', 'packages/ready/src/x.ts', '@faultline/runtime'],
  ['packages/runtime', 'packages/runtime/src/x.ts', '@faultline/test-support'],
  ['packages/service-kit', 'packages/service-kit/src/x.ts', '@faultline/runtime'],
  ['packages/telemetry', 'packages/telemetry/src/x.ts', '@faultline/contracts'],
  ['packages/test-support', 'packages/test-support/src/x.ts', '@faultline/verify'],
  ['packages/toolchain', 'packages/toolchain/src/x.ts', '@faultline/runtime'],
  ['packages/verify', 'packages/verify/src/x.ts', '@faultline/drill-engine'],
  ['services/[^/]+', 'services/booking/src/x.ts', '@faultline/runtime'],
  ['services/[^/]+', 'services/booking/src/x.ts', 'services/catalog/src/y.ts'],
  ['slo', 'slo/src/x.ts', 'grafana/src/y.ts'],
  ['telemetry', 'telemetry/src/x.ts', '@faultline/telemetry'],
  ['layer-routes', 'services/booking/src/routes/x.ts', 'services/booking/src/repositories/y.ts'],
  ['layer-consumers', 'services/ticketing/src/consumers/x.ts', 'services/ticketing/src/repositories/y.ts'],
  ['layer-domain', 'services/booking/src/domain/x.ts', 'services/booking/src/routes/y.ts'],
  ['layer-repositories', 'services/booking/src/repositories/x.ts', 'services/booking/src/domain/y.ts'],
  ['layer-cache', 'services/catalog/src/cache/x.ts', 'services/catalog/src/domain/y.ts'],
  ['layer-clients', 'services/booking/src/clients/x.ts', 'services/booking/src/domain/y.ts'],
  ['by-name', 'services/booking/test/x.ts', 'services/catalog/src/y.ts'],
  ['by-name', 'packages/cli/src/x.ts', 'packages/runtime/src/y.ts'],
  ['by-name', 'grafana/test/x.test.ts', 'deploy/test/y.ts'],
  ['by-name-from-root', 'test/x.test.ts', 'packages/runtime/src/y.ts'],
  ['by-name-from-root', 'collector/test/x.test.ts', 'slo/src/y.ts'],
  ['no-circle', 'packages/runtime/src/x.ts', 'packages/runtime/src/x.ts'],
]

describe('the rules', () => {
  it.each(BROKEN)('"%s" notices %s -> %s', async (rule, from, to) => {
    expect(await violationsOf([[from, to]])).toContainEqual(
      expect.stringMatching(startOf(`${rule}: ${from}`)),
    )
  })

  it('are all among those that were broken', () => {
    expect([...new Set(BROKEN.map(([rule]) => rule))]).toEqual(rules)
  })

  it('notice nothing where everything is in order', async () => {
    const imports = [
      ['services/booking/src/routes/x.ts', 'services/booking/src/domain/y.ts'],
      ['services/booking/src/domain/y.ts', 'services/booking/src/repositories/z.ts'],
      ['services/booking/src/repositories/z.ts', '@faultline/service-kit'],
      ['services/booking/test/x.test.ts', '@faultline/test-support'],
      ['deploy/test/x.test.ts', 'services/booking/src/routes/x.ts'],
      ['deploy/test/y.test.ts', 'test/support/x.ts'],
    ] as const
    expect(await violationsOf(imports)).toEqual([])
  })
})

const startOf = (text: string): RegExp => new RegExp(`^${RegExp.escape(text)}`)
