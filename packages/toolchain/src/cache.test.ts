import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BuildInputs, buildDigest, buildFlags } from './cache.ts'
import { binarySpec } from './table.ts'

const inputs: fc.Arbitrary<BuildInputs> = fc.record({
  flags: fc.array(fc.string(), { maxLength: 4 }),
  package: fc.string(),
  target: fc.record({ os: fc.string(), arch: fc.string() }),
  files: fc.dictionary(fc.string(), fc.string(), { maxKeys: 4 }),
})

describe('digest of a build', () => {
  it('does not depend on the order in which the files were read', () => {
    fc.assert(
      fc.property(inputs, (build) => {
        const reversed = Object.fromEntries(Object.entries(build.files).reverse())
        expect(buildDigest({ ...build, files: reversed })).toBe(buildDigest(build))
      }),
    )
  })

  it('differs where any input differs', () => {
    fc.assert(
      fc.property(inputs, inputs, (a, b) => {
        const same = (build: BuildInputs): string =>
          JSON.stringify([build.flags, build.package, build.target, Object.entries(build.files).sort()])
        expect(buildDigest(a) === buildDigest(b)).toBe(same(a) === same(b))
      }),
    )
  })

  it.each<[string, Partial<BuildInputs>]>([
    ['flags', { flags: ['-trimpath', '-tags=x'] }],
    ['package', { package: 'example.com/b' }],
    ['operating system', { target: { os: 'darwin', arch: 'amd64' } }],
    ['processor', { target: { os: 'linux', arch: 'arm64' } }],
    ['pins', { files: { 'go.mod': 'v1.0.1' } }],
    ['name of a pin', { files: { 'go.sum': 'v1.0.0' } }],
  ])('changes with the %s', (_what, change) => {
    const build: BuildInputs = {
      flags: ['-trimpath'],
      package: 'example.com/a',
      target: { os: 'linux', arch: 'amd64' },
      files: { 'go.mod': 'v1.0.0' },
    }
    expect(buildDigest({ ...build, ...change })).not.toBe(buildDigest(build))
    expect(buildDigest(build)).toMatch(/^[0-9a-f]{32}$/)
  })
})

describe('flags of a build', () => {
  it('takes nothing but pinned modules and sets the version as a release build does', () => {
    const { build } = binarySpec('prometheus')
    expect(build && buildFlags(build)).toEqual([
      '-mod=readonly',
      '-trimpath',
      '-buildvcs=false',
      '-ldflags=-s -w -X github.com/prometheus/common/version.Version=3.16.0',
      '-tags=remove_all_sd',
    ])
  })
})
