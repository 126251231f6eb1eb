import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Milestones } from '@faultline/runtime'
import { describeMachine } from '../machine.ts'
import { publish } from '../results.ts'
import { median } from '../stats.ts'
import { Kit } from './faultline.ts'
import { memoryOf } from './memory.ts'

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
      const next = new Promise<'again'>((resolve) => setTimeout(() => resolve('again'), SAMPLE_EVERY_MS))
      if ((await Promise.race([load, next])) === 'done') break
    }
    const rows = [...peaks]
      .sort(([, a], [, b]) => b - a)
      .map(([name, bytes]) => `| ${name} | ${megabytes(bytes)} |`)
    await publish(
      'memory',
      [
        [
          '| component | peak MB |',
          '|---|--:|',
          ...rows,
          `| **all at once** | **${megabytes(total)}** |`,
        ].join('\n'),
        `Goal: at most ${megabytes(MEMORY_GOAL_BYTES)} MB in all: ${total <= MEMORY_GOAL_BYTES ? 'reached' : 'missed'}.`,
        `${describeMachine()}; ${LOAD_SECONDS} s of \`load steady\`, k6 not counted.\n`,
      ].join('\n\n'),
    )
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
    await publish(
      'start',
      [
        [
          '| warm start | seconds |',
          '|---|--:|',
          `| the shop answers | ${seconds(({ shopSeconds }) => shopSeconds).toFixed(1)} |`,
          `| metrics are queryable | ${seconds(({ metricsSeconds }) => metricsSeconds).toFixed(1)} |`,
          `| everything is ready | ${everything.toFixed(1)} |`,
        ].join('\n'),
        `Goal: everything within ${WARM_START_GOAL_SECONDS} s: ${everything <= WARM_START_GOAL_SECONDS ? 'reached' : 'missed'}.`,
        `${describeMachine()}; median of ${times} starts.\n`,
      ].join('\n\n'),
    )
  })
}

async function withKit(use: (kit: Kit) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-bench-'))
  try {
    await using kit = new Kit(folder)
    await use(kit)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0)
}
