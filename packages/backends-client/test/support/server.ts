import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@faultline/test-support/ports'
import { resolveBinary } from '@faultline/toolchain'
import { execa } from 'execa'
import { vi } from 'vitest'

/** A backend started for one test file; its process and folder are gone when it is disposed of. */
export interface Server extends AsyncDisposable {
  readonly url: string
}

interface Definition {
  readonly binary: 'prometheus' | 'loki'
  /** Writes configuration into the folder and answers with the arguments. */
  arguments(folder: string, port: number): Promise<readonly string[]>
  /** Variables that its configuration reads. */
  environment?(folder: string, port: number, otherPort: number): Readonly<Record<string, string>>
  /** Resolves when it serves. */
  ready(url: string): Promise<void>
}

const READY_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 10_000

export async function startServer(definition: Definition): Promise<Server> {
  const { path } = await resolveBinary(definition.binary)
  const folder = await mkdtemp(join(tmpdir(), `faultline-${definition.binary}-`))
  const [port, otherPort] = [await freePort(), await freePort()]
  const child = execa(path, await definition.arguments(folder, port), {
    cwd: folder,
    env: definition.environment?.(folder, port, otherPort) ?? {},
    reject: false,
    all: true,
    buffer: { all: true },
    forceKillAfterDelay: STOP_TIMEOUT_MS,
  })
  const url = `http://127.0.0.1:${port}`
  const stop = async () => {
    child.kill('SIGTERM')
    await child
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const exited = child.then((result): never => {
      throw new Error(`${definition.binary} ended before it was ready:\n${result.all}`)
    })
    const served = vi.waitFor(() => definition.ready(url), { timeout: READY_TIMEOUT_MS, interval: 100 })
    await Promise.race([served, exited])
  } catch (error) {
    await stop()
    throw error
  }
  return { url, [Symbol.asyncDispose]: stop }
}
