import { fileURLToPath } from 'node:url'
import { resolveBinary } from '@faultline/stack/binaries'
import { execa } from 'execa'

/** The scripts under test, by the name that `faultline load` takes. */
export const scripts = ['smoke', 'steady'] as const
export type Script = (typeof scripts)[number]

export interface K6Result {
  readonly exitCode: number | undefined
  readonly stdout: string
  readonly stderr: string
}

/** Runs k6 with a script and an environment of its own: nothing of the caller's settings leaks into the test. */
export async function k6(
  command: readonly string[],
  script: Script,
  env: Record<string, string> = {},
): Promise<K6Result> {
  const { path } = await resolveBinary('k6')
  const source = fileURLToPath(import.meta.resolve(`@faultline/loadtests/${script}`))
  const { exitCode, stdout, stderr } = await execa(path, [...command, source], {
    reject: false,
    extendEnv: false,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, K6_NO_USAGE_REPORT: 'true', ...env },
    timeout: 50_000,
  })
  return { exitCode, stdout, stderr }
}
