import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SERVICES } from '@faultline/runtime'
import type { TestNats } from '@faultline/test-support/servers'
import { Wait } from 'testcontainers'
import { vi } from 'vitest'
import { REPOSITORY } from '../../rendered.ts'
import { startServer } from './server.ts'

const { nats: PORT, monitor: MONITOR_PORT } = SERVICES.nats
const START_TIMEOUT_MS = 30_000

/** NATS in a container, with the kit's own configuration and a folder of this machine for its data. */
export async function startNatsContainer(): Promise<TestNats> {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-nats-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const server = await startServer({
      image: 'nats',
      ports: [PORT, MONITOR_PORT],
      // whoever runs the test, so that the folder can be written to there and removed here
      user: `${process.getuid?.()}:${process.getgid?.()}`,
      command: ['--config', '/etc/nats/nats.conf'],
      environment: {
        NATS_LISTEN: `0.0.0.0:${PORT}`,
        NATS_MONITOR_LISTEN: `0.0.0.0:${MONITOR_PORT}`,
        NATS_DATA_DIR: '/data',
      },
      files: { '/etc/nats/nats.conf': join(REPOSITORY, 'backends/nats/nats.conf') },
      folders: { '/data': folder },
      up: Wait.forLogMessage(/Server is ready/),
    })
    const url = `nats://${server.address(PORT)}`
    const monitorUrl = `http://${server.address(MONITOR_PORT)}`
    return {
      url,
      port: Number(new URL(url).port),
      monitorUrl,
      kill: server.kill,
      async start() {
        await server.start()
        await vi.waitFor(
          async () => {
            const { ok, status } = await fetch(`${monitorUrl}/healthz`)
            if (!ok) throw new Error(`/healthz answered ${status}`)
          },
          { timeout: START_TIMEOUT_MS },
        )
      },
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]()
        await remove()
      },
    }
  } catch (error) {
    await remove()
    throw error
  }
}
