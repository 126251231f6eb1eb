import { spawnSync } from 'node:child_process'
import { configDefaults, defineConfig } from 'vitest/config'

/** Tests that run servers in containers. */
const CONTAINERS = 'deploy/test/containers/**'
const engine = spawnSync('docker', ['info'], { stdio: 'ignore' }).status === 0
if (!engine) console.warn(`no Docker engine: ${CONTAINERS} is left out (deploy/ci/docker.sh brings one)`)

// unit: beside the code, no process or network. integration: real servers, one file at a time because
// the machine has few cores. e2e: the whole kit, started once by the global setup.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{packages,services}/*/src/**/*.test.ts', '{grafana,slo,bench}/src/**/*.test.ts'],
        },
      },
      {
        test: {
          name: 'integration',
          include: [
            '{packages,services}/*/test/**/*.test.ts',
            '{bench,collector,slo,grafana,loadtests,deploy}/test/**/*.test.ts',
          ],
          exclude: [...configDefaults.exclude, ...(engine ? [] : [CONTAINERS])],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 3_600_000,
        },
      },
    ],
  },
})
