import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import semver from 'semver'
import { describe, expect, it } from 'vitest'
import { BUILDER_FOLDER, REPOSITORY_ROOT, toolFolder } from './cache.ts'
import { BINARY_NAMES, binarySpec } from './table.ts'

/** `path version` pairs that a go.mod requires. */
function required(folder: string): Set<string> {
  const goMod = readFileSync(join(toolFolder(folder), 'go.mod'), 'utf8')
  return new Set(
    [...goMod.matchAll(/^(?:require )?\s*(\S+) (v\S+)/gm)].map(([, path, version]) => `${path} ${version}`),
  )
}

const built = BINARY_NAMES.flatMap((name) => {
  const spec = binarySpec(name)
  return spec.build === undefined ? [] : [{ ...spec, build: spec.build }]
})

describe.each(built)('$name', ({ build, supported, versionPattern }) => {
  it('names the version that its module pins', () => {
    expect(required(build.folder)).toContain(`${build.module} ${build.moduleVersion ?? `v${build.version}`}`)
  })

  it('supports the version that it builds', () => {
    expect(semver.satisfies(build.version, supported)).toBe(true)
  })

  it('matches its version without state from an earlier match', () => {
    expect(versionPattern.global).toBe(false)
  })
})

describe('collector manifest', () => {
  const manifest = readFileSync(join(REPOSITORY_ROOT, 'collector/manifest.yaml'), 'utf8')
  const components = [...manifest.matchAll(/gomod: (\S+ v\S+)/g)].map(([, module]) => module)

  it('lists only components that the pinned module has, in the same versions', () => {
    expect(components).not.toHaveLength(0)
    const pins = required('collector')
    expect(components.filter((module) => module === undefined || !pins.has(module))).toEqual([])
  })

  it('has the version of the table and of the builder', () => {
    const version = binarySpec('collector').build?.version
    expect(manifest).toContain(`\n  version: ${version}\n`)
    expect(required(BUILDER_FOLDER)).toContain(`go.opentelemetry.io/collector/cmd/builder v${version}`)
  })
})
