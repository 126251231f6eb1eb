import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { copiesOf, ONE_COPY } from './install/copies.ts'

const repository = fileURLToPath(new URL('../../..', import.meta.url))

it('is the only copy of the SDK’s parts that the services install', () => {
  expect(copiesOf(repository)).toEqual(ONE_COPY)
})

it('is installed in the versions that it is pinned to', () => {
  const { dependencies } = manifest(fileURLToPath(new URL('..', import.meta.url)))
  const pinned = Object.entries(dependencies).filter(([name]) => /^@opentelemetry\/(?!api$)/.test(name))
  expect(pinned.length).toBeGreaterThan(3)
  for (const [name, version] of pinned) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+$/)
    expect(manifest(join(repository, 'node_modules', name)).version, name).toBe(version)
  }
})

it('has the version that the auto-instrumentations resolve to', () => {
  const { version } = manifest(join(repository, 'node_modules/@opentelemetry/sdk-node'))
  const auto = join(repository, 'node_modules/@opentelemetry/auto-instrumentations-node')
  expect(manifest(auto).dependencies['@opentelemetry/sdk-node']).toMatch(new RegExp(`^[\\^~]?${version}$`))
  expect(existsSync(join(auto, 'node_modules/@opentelemetry/sdk-node'))).toBe(false)
})

function manifest(folder: string): { version: string; dependencies: Record<string, string> } {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as never
}
