import { describe, expect, it } from 'vitest'
import { goEnvironment, requiredGo } from './go.ts'

describe('version of Go that a module asks for', () => {
  it.each([
    ['module a\n\ngo 1.26.7\n', '1.26.7'],
    ['module a\n\ngo 1.25\n', '1.25.0'],
    ['// go 9.9\nmodule a\n\ngo 1.26.0 // comment\n\ntoolchain go1.27.0\n', '1.26.0'],
  ])('%j: %s', (goMod, version) => {
    expect(requiredGo(goMod)).toBe(version)
  })

  it('is an error where the go line is missing', () => {
    expect(() => requiredGo('module a\n')).toThrow('go line')
  })
})

describe('environment of go', () => {
  it('keeps what the user needs and overrides what would change the build', () => {
    const env = goEnvironment(
      {
        GOPROXY: 'https://proxy.example',
        GOFLAGS: '-mod=vendor -race',
        GOOS: 'plan9',
        CGO_ENABLED: '1',
        GOWORK: '/w',
      },
      '/tmp/x',
    )
    expect(env).toMatchObject({
      GOPROXY: 'https://proxy.example',
      GOFLAGS: '-mod=readonly',
      CGO_ENABLED: '0',
      GOTOOLCHAIN: 'local',
      GOTMPDIR: '/tmp/x',
      GOWORK: 'off',
    })
    expect(env.GOOS).not.toBe('plan9')
    expect(Object.values(env)).not.toContain('')
  })
})
