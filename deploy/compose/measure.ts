/**
 * Measures the memory of the running containers while `load steady` runs: `npm run compose:measure` writes
 * deploy/compose/memory.json, which a test compares limits to.
 */
import { writeFile } from 'node:fs/promises'
import { connectCompose, defaultStateDir } from '@faultline/runtime'
import { execa } from 'execa'

const DURATION = '120s'
/** Exit code of k6. */
const THRESHOLD_FAILED = 99
const MIB: Readonly<Record<string, number>> = { B: 1 / 1024 ** 2, KiB: 1 / 1024, MiB: 1, GiB: 1024 }
const LINE = /^faultline-(?<name>\S+)-1 (?<value>[\d.]+)(?<unit>[KMG]?i?B) /

const peaks = new Map<string, number>()
await using kit = await connectCompose(defaultStateDir())
let isOver = false
const load = kit.runLoad('steady', { duration: DURATION }).finally(() => {
  isOver = true
})
while (!isOver) {
  const { stdout } = await execa('docker', ['stats', '--no-stream', '--format={{.Name}} {{.MemUsage}}'])
  for (const line of stdout.split('\n')) {
    const { name = '', value = '0', unit = 'B' } = LINE.exec(line)?.groups ?? {}
    const mib = Math.ceil(Number(value) * (MIB[unit] ?? 0))
    if (name !== '') peaks.set(name, Math.max(peaks.get(name) ?? 0, mib))
  }
}
const { exitCode } = await load
// on a busy machine answers may be late; what was offered is the same
if (exitCode !== 0 && exitCode !== THRESHOLD_FAILED)
  throw new Error(`the load ended with exit code ${exitCode}`)
const sorted = Object.fromEntries([...peaks].sort(([a], [b]) => a.localeCompare(b)))
await writeFile(new URL('memory.json', import.meta.url), `${JSON.stringify(sorted, null, 2)}\n`)
console.table(sorted)
