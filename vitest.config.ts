import { spawnSync } from 'node:child_process'
import { configDefaults, defineConfig } from 'vitest/config'

/** Tests that run servers in containers. */
const CONTAINERS = 'deploy/test/containers/**/*.test.ts'
/** Those of `integration` that run a second time, on PostgreSQL and NATS in containers: repositories, outbox, consumers. */
const ON_SERVERS_IN_CONTAINERS = [
  'services/catalog/test/{database,http,cache}.test.ts',
  'services/booking/test/{outbox,reservations}.test.ts',
  'services/payments/test/{database,payments}.test.ts',
  'services/ticketing/test/{tickets,dead-letters,webhooks}.test.ts',
]
const engine = spawnSync('docker', ['info'], { stdio: 'ignore' }).status === 0
if (!engine) {
  console.warn(
    'no Docker engine: the tests of project "containers" are left out (deploy/ci/docker.sh brings one)',
  )
}

// unit: beside the code, no process or network. integration: real servers, one file at a time because
// the machine has few cores. containers: the same, servers in containers. e2e: the whole kit, started by each file, with
// one drill. drills: all of them, each with its control, which `npm test` leaves to `npm run test:drills`.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{packages,services}/*/src/**/*.test.ts',
            '{telemetry,grafana,slo,bench}/src/**/*.test.ts',
          ],
        },
      },
      {
        test: {
          name: 'integration',
          include: [
            '{packages,services}/*/test/**/*.test.ts',
            'test/architecture.test.ts',
            '{telemetry,bench,collector,slo,grafana,loadtests,deploy,drills}/test/**/*.test.ts',
          ],
          exclude: [...configDefaults.exclude, CONTAINERS],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        test: {
          name: 'containers',
          include: engine ? [CONTAINERS, ...ON_SERVERS_IN_CONTAINERS] : [],
          setupFiles: ['deploy/test/containers/support/servers-in-containers.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/*.test.ts', 'test/crash/*.test.ts', 'test/drills/slow-query.test.ts'],
          exclude: [...configDefaults.exclude, 'test/architecture.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 3_600_000,
        },
      },
      {
        test: {
          name: 'drills',
          include: ['test/drills/*.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 3_600_000,
        },
      },
    ],
  },
})
