import { existsSync, readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '@faultline/test-support/ports'
import { reapedFolder } from '@faultline/test-support/reaped-folder'
import { expect, vi } from 'vitest'
import { down } from '../src/down.ts'
import { type Launched, type LaunchOptions, launch } from '../src/launch.ts'
import { identify } from '../src/process.ts'
import type { ComponentStatus } from '../src/runtime.ts'
import { EVENTS_FILE, FAKE_STACK_FILE, type FakeStack } from './fixtures/stack.ts'

const ENTRY = join(import.meta.dirname, 'fixtures/supervisor.ts')
const DEADLINE_MS = 40_000

/** A state folder with a described stack; disposal stops whatever runs there and deletes it. */
export interface Sandbox extends AsyncDisposable {
  readonly stateDir: string
  launch(options?: Partial<LaunchOptions>): Promise<Launched>
  /** Lines such as `start a`, in the order in which they happened. */
  events(): readonly string[]
}

export async function sandbox(stack: FakeStack, stateDir?: string): Promise<Sandbox> {
  const folder = stateDir ?? (await reapedFolder('stack-'))
  await writeFile(join(folder, FAKE_STACK_FILE), JSON.stringify(stack))
  const opened: Launched[] = []
  return {
    stateDir: folder,
    async launch(options = {}) {
      const launched = await launch({ stateDir: folder, entry: ENTRY, attached: true, ...options })
      opened.push(launched)
      return launched
    },
    events() {
      const file = join(folder, EVENTS_FILE)
      return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
    },
    async [Symbol.asyncDispose]() {
      for (const { runtime, release } of opened) {
        release()
        await runtime[Symbol.asyncDispose]()
      }
      await down(folder)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Repeats a look until it passes; its last failure is the test's. */
export const eventually = <T>(look: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(look, { timeout: DEADLINE_MS, interval: 25 })

/** Waits until a component is in a state (and what else is asked for) and returns its status. */
export async function untilState(
  { runtime }: Launched,
  name: string,
  state: ComponentStatus['state'],
  also: (status: ComponentStatus) => void = () => undefined,
): Promise<ComponentStatus> {
  return eventually(async () => {
    const status = (await runtime.status()).find((component) => component.name === name)
    expect(status).toMatchObject({ name, state })
    if (status === undefined) throw new Error(`no component ${name}`)
    also(status)
    return status
  })
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<readonly number[]> {
  return Promise.all(Array.from({ length: count }, freePort))
}

/** A zombie, which only its parent can remove, does not count. */
export function processExists(pid: number): boolean {
  return identify(pid) !== undefined
}
