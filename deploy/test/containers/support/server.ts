import { freePort } from '@faultline/service-kit/testing'
import { execa } from 'execa'
import { GenericContainer, Wait } from 'testcontainers'
import { imageOf } from './image.ts'

export interface ServerOptions {
  /** In `deploy/images.json`. */
  image: string
  /** Those that the server listens on. */
  ports: readonly number[]
  user: string
  command: string[]
  /** What it logs when it is up: a port is no sign, and to look for one inside takes a shell. */
  upLine: RegExp
  environment?: Record<string, string>
  /** Files of this machine, by where the container has them. */
  files?: Readonly<Record<string, string>>
  /** Memory that lasts as long as the container is up. */
  tmpfs?: Record<string, string>
}

/** A server in a container, with ports of this machine that stay its own. */
export interface ContainerServer extends AsyncDisposable {
  /** `127.0.0.1:PORT` for one of its ports. */
  address(port: number): string
  /** Takes the server away as a crash does. */
  kill(): Promise<void>
  /** Brings it back, at the same ports. */
  start(): Promise<void>
}

/** Starts a server; disposing of it removes container and volumes. */
export async function startServer(options: ServerOptions): Promise<ContainerServer> {
  // What a test starts it also removes; the library's own reaper is an image of a registry.
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true'
  const image = await imageOf(options.image)
  const hostPorts = new Map<number, number>()
  for (const port of options.ports) hostPorts.set(port, await freePort())
  const container = await new GenericContainer(image)
    .withUser(options.user)
    .withCommand(options.command)
    .withEnvironment(options.environment ?? {})
    .withTmpFs(options.tmpfs ?? {})
    .withBindMounts(
      Object.entries(options.files ?? {}).map(([target, source]) => ({
        source,
        target,
        mode: 'ro' as const,
      })),
    )
    .withExposedPorts(...[...hostPorts].map(([container, host]) => ({ container, host })))
    .withWaitStrategy(Wait.forLogMessage(options.upLine))
    .start()
  const docker = (...args: string[]) => execa('docker', [...args, container.getId()], { stdin: 'ignore' })
  return {
    address: (port) => `127.0.0.1:${hostPorts.get(port)}`,
    kill: async () => void (await docker('kill')),
    start: async () => void (await docker('start')),
    async [Symbol.asyncDispose]() {
      await docker('rm', '--force', '--volumes')
    },
  }
}
