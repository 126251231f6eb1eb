import { describe, expect, it } from 'vitest'
import { binarySpec } from './table.ts'
import { explainFailure, type UnavailableReason, withoutBuild } from './unavailable.ts'

const spec = binarySpec('loki')

describe('explanation of a failed build', () => {
  it.each<[string, UnavailableReason, RegExp]>([
    [
      'compile: writing output: write $WORK/b042/_pkg_.a: no space left on device',
      'no-space',
      /No room on disk to build loki: .*no space left[\s\S]*Free some space/,
    ],
    [
      'go: could not create module cache: mkdir /root/go/pkg: permission denied',
      'no-permission',
      /No permission .*mkdir \/root\/go\/pkg[\s\S]*GOMODCACHE/,
    ],
    [
      'go: github.com/grafana/loki/v3@v3.7.8: Get "https://proxy.golang.org/x": dial tcp: lookup proxy.golang.org: no such host',
      'download-failed',
      /could not be downloaded[\s\S]*Check the network and GOPROXY/,
    ],
    [
      'reading https://proxy.golang.org/github.com/a/@v/v1.0.0.zip: 403 Forbidden',
      'download-failed',
      /could not be downloaded/,
    ],
    [
      'verifying github.com/a@v1.0.0: checksum mismatch',
      'download-failed',
      /differs from its pinned checksum[\s\S]*check GOPROXY/,
    ],
    ['a.go:1:1: syntax error', 'build-failed', /Building loki failed \(log: \/c\/logs\/loki.log\)/],
  ])('%s: %s', (line, reason, message) => {
    const error = explainFailure(spec, { path: '/c/logs/loki.log', lines: ['$ go build', line, '# exit 1'] })
    expect(error.reason).toBe(reason)
    expect(error.message).toMatch(message)
    expect(error.message).toContain('FAULTLINE_BIN_LOKI')
  })

  it('shows the last lines of the log, and no more', () => {
    const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`)
    const error = explainFailure(spec, { path: '/log', lines })
    expect(error.logTail).toEqual(lines.slice(-12))
    expect(error.message.split('\n').at(-1)).toBe('  | line 99')
  })
})

describe('alternatives to a build', () => {
  it('name the program, the versions and the variable', () => {
    expect(withoutBuild(binarySpec('toxiproxy'))).toBe(
      'put toxiproxy-server (version ^2.5.0) on PATH, or set FAULTLINE_BIN_TOXIPROXY to its path',
    )
  })
})
