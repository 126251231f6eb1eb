import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { stateLayout } from '../src/state/layout.ts'
import { readState, type StackState } from '../src/state/state-file.ts'
import type { FakeStack } from './fixtures/stack.ts'
import { eventually, freePorts, processExists } from './harness.ts'

const RUN_OF_TESTS = join(import.meta.dirname, 'fixtures/kit-of-a-test.ts')

const pidsOf = ({ supervisor, components }: StackState): readonly number[] => [
  supervisor.pid,
  ...components.flatMap(({ process }) => (process === undefined ? [] : [process.pid])),
]

test.each([
  ['attached', 'SIGTERM'],
  ['attached', 'SIGKILL'],
  ['detached', 'SIGTERM'],
  ['detached', 'SIGKILL'],
] as const)(
  'a kit that is %s ends, with its folder, when the run of tests that started it gets %s',
  async (how, signal) => {
    const [port = 0, other = 0] = await freePorts(2)
    const stack: FakeStack = {
      components: [
        { name: 'a', port },
        { name: 'b', port: other, dependsOn: ['a'] },
      ],
    }
    const run = execa(process.execPath, [RUN_OF_TESTS, JSON.stringify(stack), how], {
      reject: false,
      stdin: 'ignore',
      cleanup: true,
    })
    let stateDir = ''
    run.stdout.on('data', (chunk: Buffer) => {
      stateDir += chunk.toString().trim()
    })
    const state = await eventually(async () => {
      const found = stateDir === '' ? undefined : await readState(stateLayout(stateDir).stateFile)
      if (found?.phase !== 'ready') throw new Error('the kit is not ready')
      return found
    })
    const pids = pidsOf(state)
    expect(pids.filter(processExists)).toHaveLength(3)
    await mkdir(join(stateDir, 'data/a'), { recursive: true })
    await writeFile(join(stateDir, 'data/a/rows'), '')

    run.kill(signal)
    await run
    await eventually(() => expect(pids.filter(processExists)).toEqual([]))
    await eventually(() => expect(existsSync(dirname(stateDir))).toBe(false))
  },
  90_000,
)
