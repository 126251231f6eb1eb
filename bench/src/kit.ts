import { mkdtempDisposable, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  ExitCode,
  type Milestones,
  REPOSITORY_ROOT,
  readState,
  type StackState,
  stateLayout,
} from '@faultline/runtime'
import { execa } from 'execa'
import pidtree from 'pidtree'
import pidusage from 'pidusage'
import { describeMachine, megabytes, publish, table } from './results.ts'
import { median } from './stats.ts'

/** All components together, under load. */
const MEMORY_GOAL_BYTES = 1.5e9
const WARM_START_GOAL_SECONDS = 20
const LOAD_SECONDS = 120
const SAMPLE_EVERY_MS = 2_000

/** Starts a kit of its own, and measures its memory under `load steady`. */
export async function runMemory(): Promise<void> {
  await withKit(async (kit) => {
    await kit.up()
    const peaks = new Map<string, number>()
    let total = 0
    const load = kit.load('steady', `${LOAD_SECONDS}s`).then(() => 'done' as const)
    for (;;) {
      let sum = 0
      const { supervisor, components } = await kit.state()
      const processes = components.flatMap((one) =>
        one.process ? [{ name: one.name, pid: one.process.pid }] : [],
      )
      for (const { name, pid } of processes) {
        const bytes = await memoryOf(pid)
        sum += bytes
        peaks.set(name, Math.max(peaks.get(name) ?? 0, bytes))
      }
      // The components are its children: what is its own is the rest.
      const own = Math.max(0, (await memoryOf(supervisor.pid)) - sum)
      peaks.set('supervisor', Math.max(peaks.get('supervisor') ?? 0, own))
      total = Math.max(total, sum + own)
      if ((await Promise.race([load, delay(SAMPLE_EVERY_MS)])) === 'done') break
    }
    const rows = [...peaks].sort(([, a], [, b]) => b - a).map(([name, bytes]) => [name, megabytes(bytes)])
    const outcome = total <= MEMORY_GOAL_BYTES ? 'reached' : 'missed'
    await publish('memory', [
      table(['component', 'peak MB'], [...rows, ['**all at once**', `**${megabytes(total)}**`]]),
      `Goal: at most ${megabytes(MEMORY_GOAL_BYTES)} MB in all: ${outcome}.`,
      `${describeMachine()}; ${LOAD_SECONDS} s of \`load steady\`, k6 not counted.\n`,
    ])
  })
}

/** Measures how long the kit takes to start again: binaries built, database filled. */
export async function runStart(times: number): Promise<void> {
  await withKit(async (kit) => {
    await kit.up()
    const starts: Milestones[] = []
    for (let i = 0; i < times; i++) {
      await kit.down()
      starts.push((await kit.up()).milestones)
    }
    const seconds = (pick: (milestones: Milestones) => number | undefined) =>
      median(starts.map((milestones) => pick(milestones) ?? Number.NaN))
    const everything = seconds(({ everythingSeconds }) => everythingSeconds)
    const outcome = everything <= WARM_START_GOAL_SECONDS ? 'reached' : 'missed'
    await publish('start', [
      table(
        ['warm start', 'seconds'],
        [
          ['the shop answers', seconds(({ shopSeconds }) => shopSeconds).toFixed(1)],
          ['metrics are queryable', seconds(({ metricsSeconds }) => metricsSeconds).toFixed(1)],
          ['everything is ready', everything.toFixed(1)],
        ],
      ),
      `Goal: everything within ${WARM_START_GOAL_SECONDS} s: ${outcome}.`,
      `${describeMachine()}; median of ${times} starts.\n`,
    ])
  })
}

async function withKit(use: (kit: Kit) => Promise<void>): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'faultline-bench-'))
  await using kit = new Kit(folder.path)
  await use(kit)
}

const CLI = join(REPOSITORY_ROOT, 'packages', 'cli', 'bin', 'faultline.js')
/** Beside a kit that may be running on the usual ports. */
const PORT_OFFSET = 9_000

/** A kit of the benchmark's own: other ports, other state folder. */
class Kit implements AsyncDisposable {
  readonly #stateDir: string

  constructor(stateDir: string) {
    this.#stateDir = stateDir
  }

  async up(): Promise<StackState> {
    await this.#run(['up', '--detach', '--port-offset', String(PORT_OFFSET)])
    return this.state()
  }

  async down(): Promise<void> {
    await this.#run(['down'])
  }

  /** Runs a load until it is done. A threshold that fails on a busy machine does not matter here. */
  async load(scenario: string, duration: string): Promise<void> {
    await this.#run(['load', scenario, '--duration', duration], [0, ExitCode.checkFailed])
  }

  async state(): Promise<StackState> {
    const state = await readState(stateLayout(this.#stateDir).stateFile)
    if (!state) throw new Error(`no kit runs from ${this.#stateDir}`)
    return state
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run(['down', '--volumes'])
  }

  async #run(args: readonly string[], accepted: readonly number[] = [0]): Promise<void> {
    const { exitCode } = await execa(process.execPath, [CLI, ...args], {
      env: { FAULTLINE_STATE_DIR: this.#stateDir },
      stdout: 'ignore',
      stderr: 'inherit',
      reject: false,
    })
    if (exitCode === undefined || !accepted.includes(exitCode)) {
      throw new Error(`faultline ${args.join(' ')} ended with exit code ${exitCode}`)
    }
  }
}

/**
 * Memory of a process and its children, in bytes. On Linux the proportional set size, which counts shared pages once
 * among those that share them (PostgreSQL's buffers would else count for each connection); elsewhere the resident set.
 *
 * @see https://docs.kernel.org/filesystems/proc.html (smaps_rollup)
 */
async function memoryOf(pid: number): Promise<number> {
  const pids = await pidtree(pid, { root: true })
  const sizes = await Promise.all(pids.map(ownMemory))
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function ownMemory(pid: number): Promise<number> {
  try {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
    const kibibytes = /^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]
    if (kibibytes !== undefined) return Number(kibibytes) * 1024
    return (await pidusage(pid)).memory
  } catch (error) {
    // A process that has ended between the listing and the look uses nothing; without /proc there is the resident set.
    return isMissing(error) && process.platform === 'linux' ? 0 : (await pidusage(pid)).memory
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')
}
