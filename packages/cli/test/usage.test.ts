/** What is refused before anything else happens, and what help says. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { loadScenarios } from '@faultline/runtime'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { createProgram, run } from '../src/program.ts'

const RATE = 'expected a whole number from 1 to 1000'
const DURATION = 'expected a duration such as 90s, 5m or 1h30m, from 1s to 24h'

let folder = ''
let said = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultline-usage-'))
  await writeFile(join(folder, 'file'), '')
})
afterAll(() => rm(folder, { recursive: true }))
beforeEach(() => {
  // where no kit runs, what is accepted ends with 3
  vi.stubEnv('FAULTLINE_STATE_DIR', folder)
  said = ''
  const say = (text: unknown): true => {
    said += String(text)
    return true
  }
  vi.spyOn(console, 'error').mockImplementation(say)
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockImplementation(say)
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

test.each([
  ['an unknown command', ['frobnicate'], "unknown command 'frobnicate'"],
  ['an unknown option', ['up', '--frobnicate'], "unknown option '--frobnicate'"],
  ['an unknown profile', ['up', '--slo-profile', 'x'], 'Allowed choices are drill, production'],
  [
    'a port offset out of range',
    ['up', '--port-offset', '70000'],
    'port offset must be a whole number from 0 to',
  ],
  ['a missing argument', ['load'], "missing required argument 'scenario'"],
  ['a setting without a name', ['restart', 'a', '--env', '=x'], 'expected NAME=VALUE'],
  ['a number of lines that is none', ['logs', 'a', '--lines', '1.5'], 'expected a whole number'],
  [
    'an overlay that does not exist',
    ['up', '--file', 'nowhere.yml'],
    `there is no file ${resolve('nowhere.yml')}`,
  ],
  ['an overlay that is a folder', ['up', '--file', '.'], `${resolve('.')} is a folder`],
  [
    'a collector configuration that does not exist',
    ['up', '--collector-config', 'x.yml'],
    'there is no file',
  ],
  ['a time that is none', ['verify', '--timeout', 'NaN'], 'expected a number of seconds from 15 to 3600'],
  ['a time without end', ['verify', '--timeout', 'Infinity'], 'expected a number of seconds from 15 to 3600'],
  ['a scenario that does not exist', ['load', 'x'], 'there is no load scenario "x"; there are breakpoint, '],
])('%s is wrong use', async (_what, args, message) => {
  expect(await run(args)).toBe(2)
  expect(said).toContain(message)
})

test('help of every command has an example', async () => {
  for (const command of createProgram().commands.map((one) => one.name())) {
    said = ''
    expect(await run([command, '--help'])).toBe(0)
    expect(said).toMatch(new RegExp(`\nExample:\n.*npx faultline ${command}`))
  }
  said = ''
  expect(await run(['--help'])).toBe(0)
  expect(said).toMatch(/^ {2}dead-letters +Messages that /m)
})

const REFUSED: readonly (readonly [string, string])[] = [
  ...[
    '1e9',
    '1001',
    '99999999999999999999',
    '0',
    '-1',
    '1.5',
    'NaN',
    'Infinity',
    '0x10',
    '',
    ' ',
    'fast',
  ].map((rate) => [`--rate=${rate}`, RATE] as const),
  ...[
    '0s',
    '0h0m',
    '-5m',
    '90',
    '1.5h',
    '500ms',
    '5m1h',
    '5 min',
    '',
    'h',
    'NaN',
    '25h',
    '24h1s',
    '1441m',
  ].map((duration) => [`--duration=${duration}`, DURATION] as const),
  ['--duration=99999999999999999999h', DURATION],
  ['--ledger=/nowhere/orders.jsonl', 'there is no folder /nowhere'],
  ['--ledger=/', '/ is a folder'],
]

test.each(REFUSED)('load steady %s is refused', async (option, message) => {
  expect(await run(['load', 'steady', option])).toBe(2)
  expect(said).toContain(message)
})

test('a ledger below a file is refused', async () => {
  expect(await run(['load', 'steady', `--ledger=${join(folder, 'file/orders')}`])).toBe(2)
  expect(said).toContain(`there is no folder ${join(folder, 'file')}`)
})

test.each([
  ['--rate=1'],
  ['--rate=1000'],
  ['--duration=1s'],
  ['--duration=24h'],
  ['--duration=1h30m'],
  ['--duration=1440m'],
])('load steady %s is accepted', async (option) => {
  expect(await run(['load', 'steady', option])).toBe(3)
  expect(said).toContain('the kit is not running')
})

test('a setting that the script would ignore is refused; every other scenario reads both', async () => {
  expect(await run(['load', 'smoke', '--duration', '5m'])).toBe(2)
  expect(said).toContain('smoke takes no --duration: its script says how much it does')
  expect(await run(['load', 'smoke', '--rate', '5', '--duration', '5m'])).toBe(2)
  expect(said).toContain('smoke takes no --duration and no --rate: ')
  for (const scenario of await loadScenarios()) {
    const settings = scenario === 'smoke' ? [] : ['--rate', '5', '--duration', '5m']
    expect(await run(['load', scenario, ...settings]), scenario).toBe(3)
  }
})
