import { resolve } from 'node:path'
import { REPOSITORY_ROOT } from '@faultline/toolchain'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defaultStateDir, socketPath } from './layout.ts'

const LONGEST = process.platform === 'linux' ? 107 : 103

test('the socket path always fits, and lies in the state folder when that one fits', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (name) => {
      const root = `/${name}`
      const path = socketPath(root, '/tmp')
      expect(Buffer.byteLength(path)).toBeLessThanOrEqual(LONGEST)
      const fits = Buffer.byteLength(`${root}/supervisor.sock`) < LONGEST
      if (fits) expect(path.startsWith('/tmp/faultline-')).toBe(root === '/tmp/faultline-')
    }),
  )
})

test('two long state folders do not share a socket', () => {
  const long = '/'.padEnd(150, 'x')
  expect(socketPath(`${long}1`, '/tmp')).not.toBe(socketPath(`${long}2`, '/tmp'))
})

test('the state folder is in the repository unless the environment says where', () => {
  expect(defaultStateDir({})).toBe(`${REPOSITORY_ROOT}/.faultline`)
  expect(defaultStateDir({ FAULTLINE_STATE_DIR: '' })).toBe(`${REPOSITORY_ROOT}/.faultline`)
  expect(defaultStateDir({ FAULTLINE_STATE_DIR: '/elsewhere' })).toBe('/elsewhere')
  expect(defaultStateDir({ FAULTLINE_STATE_DIR: '../else where' })).toBe(resolve('../else where'))
})
