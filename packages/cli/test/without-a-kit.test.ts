/** Commands where no kit runs: exit code 3 and what to do, whichever way of running they are about. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { reapedFolder } from '@faultline/test-support/reaped-folder'
import type { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createProgram, run } from '../src/program.ts'

const NOT_RUNNING = /^the kit is not running .*: start it with "npm start -- --detach"$/

/** A Docker client, what it does, and what is said of that. */
const DOCKER_CLIENTS = [
  ['no client', undefined, /^there is no Docker client on PATH: install Docker, or /],
  [
    'no engine',
    '#!/bin/sh\necho "Cannot connect to the Docker daemon at unix:///x. Is it running?" >&2; exit 1\n',
    /^the Docker engine cannot be reached: /,
  ],
  [
    'no engine, in the words of a later client',
    '#!/bin/sh\necho "failed to connect to the docker API at unix:///x; check if the daemon is running" >&2; exit 1\n',
    /docker API/,
  ],
  ['no containers', '#!/bin/sh\n', /^no containers of the project faultline-of-nobody \(docker compose up /],
] as const

let stateDir = ''
let printed: string[] = []
beforeEach(async () => {
  stateDir = await reapedFolder('none-')
  vi.stubEnv('FAULTLINE_STATE_DIR', stateDir)
  vi.stubEnv('COMPOSE_PROJECT_NAME', 'faultline-of-nobody')
  printed = []
  for (const method of ['log', 'error'] as const) {
    vi.spyOn(console, method).mockImplementation((line: unknown) => void printed.push(String(line)))
  }
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

/** Of each command arguments with which it works where a kit runs, and what it ends with and says where none does. */
const COMMANDS: Readonly<Record<string, readonly [readonly string[], number, RegExp]>> = {
  'dead-letters list': [[], 3, NOT_RUNNING],
  'dead-letters replay': [[], 3, NOT_RUNNING],
  down: [[], 0, /^Nothing was running\.$/],
  drill: [['slow-query'], 3, NOT_RUNNING],
  flags: [[], 3, NOT_RUNNING],
  'flags reset': [[], 3, NOT_RUNNING],
  'flags set': [['retry-policy', 'naive'], 3, NOT_RUNNING],
  load: [['steady'], 3, NOT_RUNNING],
  logs: [['gateway'], 3, /the kit has not run yet/],
  ports: [[], 0, /gateway/],
  restart: [['gateway'], 3, NOT_RUNNING],
  status: [[], 3, NOT_RUNNING],
  verify: [[], 3, NOT_RUNNING],
}
/** Those that the test below leaves out: `up` is what starts a kit. */
const OTHERS = ['up']

/** Commands that can be given, with what is above them: `flags`, `flags set`. */
function namesOf(program: Command, above: readonly string[] = []): readonly string[] {
  return program.commands.flatMap((command) => {
    const path = [...above, command.name()]
    // without a subcommand, `dead-letters` shows its help
    return [...(path.join() === 'dead-letters' ? [] : [path.join(' ')]), ...namesOf(command, path)]
  })
}

const find = (name: string): Command | undefined =>
  name
    .split(' ')
    .reduce<Command | undefined>(
      (command, part) => command?.commands.find((one) => one.name() === part),
      createProgram(),
    )

const withCompose = Object.entries(COMMANDS).flatMap(([name, [args]]) =>
  find(name)?.options.some(({ long }) => long === '--compose') ? [[name, args] as const] : [],
)

test('each command is one of those that are tried here', () => {
  expect([...namesOf(createProgram())].sort()).toEqual([...Object.keys(COMMANDS), ...OTHERS].sort())
})

test.each(Object.entries(COMMANDS))('%s', async (name, [args, exitCode, says]) => {
  expect(await run([...name.split(' '), ...args])).toBe(exitCode)
  expect(printed.join('\n')).toMatch(says)
})

describe.each(DOCKER_CLIENTS)('--compose with %s', (_what, script, says) => {
  test.each(withCompose)('%s', async (name, args) => {
    if (script !== undefined) await writeFile(join(stateDir, 'docker'), script, { mode: 0o755 })
    vi.stubEnv('PATH', stateDir)
    expect(await run([...name.split(' '), ...args, '--compose'])).toBe(3)
    expect(printed.join('\n')).toMatch(says)
  })
})
