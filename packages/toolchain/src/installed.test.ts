import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSupported, parseVersion } from './installed.ts'
import { BINARY_NAMES, type BinaryName, binarySpec } from './table.ts'

/** How each program words its version, with the numbers to come. */
const PRINTED: Readonly<Record<BinaryName, (version: string) => string>> = {
  toxiproxy: (version) => `toxiproxy-server version ${version}\n`,
  nats: (version) => `nats-server: v${version}\n`,
  prometheus: (version) =>
    `prometheus, version ${version} (branch: HEAD, revision: 7d0c6a6)\n  go version: go1.26.8\n`,
  promtool: (version) =>
    `promtool, version ${version} (branch: HEAD, revision: 7d0c6a6)\n  platform: linux/amd64\n`,
  collector: (version) => `otelcol-contrib version ${version}\n`,
  loki: (version) => `loki, version ${version} (branch: release-3.7.x, revision: 1a2b3c4)\n`,
  k6: (version) => `k6 v${version} (commit/abc1234, go1.26.8, linux/amd64)\n`,
  caddy: (version) => `v${version} h1:kZB9oWvS0ZmMEOBjDp6lHMFV6rdtmDYjUDQG4YwOV1g=\n`,
  compose: (version) => `Docker Compose version v${version}\n`,
  tempo: (version) => `tempo, version ${version} (branch: main, revision: 9f8e7d6)\n`,
  pyroscope: (version) => `pyroscope, version ${version} (branch: main, revision: 9f8e7d6)\n`,
  grafana: (version) => `grafana version ${version}\n`,
  valkey: (version) =>
    `Valkey server v=${version} sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=ae4d7c971a948f0\n`,
  alertmanager: (version) => `alertmanager, version ${version} (branch: HEAD, revision: 1a2b3c4)\n`,
}

const number = fc.nat({ max: 9999 })
const version = fc.tuple(number, number, number).map((parts) => parts.join('.'))

describe.each(BINARY_NAMES)('version of %s', (name) => {
  const spec = binarySpec(name)

  it('is read from what the program prints, wherever the line stands', () => {
    fc.assert(
      fc.property(version, fc.array(fc.lorem()), (expected, before) => {
        const output = [...before, PRINTED[name](expected)].join('\n')
        expect(parseVersion(spec.versionPattern, output)).toBe(expected)
      }),
    )
  })

  it('is not read from what another program prints', () => {
    for (const other of BINARY_NAMES.filter((candidate) => candidate !== name)) {
      expect(parseVersion(spec.versionPattern, PRINTED[other]('99.0.0'))).toBeUndefined()
    }
  })

  it('is undefined for any other text', () => {
    fc.assert(
      fc.property(fc.string(), (output) => {
        fc.pre(!output.includes('version') && !output.includes('k6'))
        expect(parseVersion(spec.versionPattern, output)).toBeUndefined()
      }),
    )
  })
})

describe('supported versions', () => {
  it.each<[BinaryName, string, boolean]>([
    ['prometheus', 'prometheus, version 3.16.0', true],
    ['prometheus', 'prometheus, version 3.20.1', true],
    ['prometheus', 'prometheus, version 2.45.3', false],
    ['prometheus', 'prometheus, version 4.0.0', false],
    ['collector', 'otelcol-contrib version 0.161.3', true],
    ['collector', 'otelcol-contrib version 0.162.0', false],
    ['tempo', 'tempo, version 3.1-dev', true],
    ['tempo', 'tempo, version 2.9.0', false],
    ['tempo', 'tempo, version main-1234567', false],
    ['pyroscope', 'pyroscope, version v2.0.6', true],
    ['grafana', 'Grafana version 13.2.0-pre', true],
    ['valkey', 'Redis server v=7.0.15 sha=00000000:0', true],
    ['valkey', 'Redis server v=6.0.16 sha=00000000:0', false],
    ['grafana', 'grafana version 12.4.1', false],
  ])('%s that prints "%s": %s', (name, output, supported) => {
    const spec = binarySpec(name)
    const found = parseVersion(spec.versionPattern, output)
    expect(found !== undefined && isSupported(spec, found)).toBe(supported)
  })
})
