import { fileURLToPath } from 'node:url'
import { resolveBinary } from '@faultline/toolchain'
import { execa } from 'execa'

/** The scripts under test, by the name that `faultline load` takes. */
export const scripts = ['smoke', 'steady', 'spike', 'breakpoint', 'soak'] as const
export type Script = (typeof scripts)[number]

export interface K6Result {
  readonly exitCode: number | undefined
  readonly stdout: string
  readonly stderr: string
}

export interface K6Process {
  readonly ended: Promise<K6Result>
  kill(signal: 'SIGINT' | 'SIGKILL'): void
}

/** Starts k6 with a script and an environment of its own: nothing of the caller's settings leaks into the test. */
export async function startK6(
  command: readonly string[],
  script: Script,
  env: Record<string, string> = {},
): Promise<K6Process> {
  const { path } = await resolveBinary('k6')
  const source = fileURLToPath(import.meta.resolve(`@faultline/loadtests/${script}`))
  const child = execa(path, [...command, source], {
    reject: false,
    extendEnv: false,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, K6_NO_USAGE_REPORT: 'true', ...env },
    timeout: 50_000,
  })
  return {
    ended: child.then(({ exitCode, stdout, stderr }) => ({ exitCode, stdout, stderr })),
    kill: (signal) => child.kill(signal),
  }
}

/** Runs k6 to its end. */
export const k6 = async (...options: Parameters<typeof startK6>): Promise<K6Result> =>
  (await startK6(...options)).ended
