import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resolveBinary } from '@faultline/toolchain'
import { execa } from 'execa'
import { expect } from 'vitest'

/** Fails with promtool's words when it does. */
export async function promtool(...args: readonly string[]): Promise<string> {
  const { path } = await resolveBinary('promtool')
  const { exitCode, all } = await execa(path, args, { all: true, reject: false })
  expect(exitCode, all).toBe(0)
  return all
}

/** Runs promtool's unit tests. @see https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/ */
export async function testRules(...files: readonly unknown[]): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'faultline-promtool-'))
  const paths = files.map((_, index) => join(folder.path, `${index}.json`))
  await Promise.all(files.map((file, index) => writeFile(paths[index] ?? '', JSON.stringify(file))))
  await promtool('test', 'rules', ...paths)
}
