import { freePort } from '@faultline/test-support/ports'
import { execa } from 'execa'
import { GenericContainer, type StartedNetwork, type WaitStrategy } from 'testcontainers'
import { imageOf } from './image.ts'

export interface ServerOptions {
  /** In `deploy/images.json`, or `kit`. */
  image: string
  /** Those that the server listens on. */
  ports: readonly number[]
  user: string
  command: string[]
  /** How it shows that it is up: a line of its log or an answer. A port is no sign, and to look inside takes a shell. */
  up: WaitStrategy
  environment?: Record<string, string>
  /** Files of this machine, by where the container has them. */
  files?: Readonly<Record<string, string>>
  /** Folders of this machine that the server writes to, by where the container has them. */
  folders?: Readonly<Record<string, string>>
  /** Memory that lasts as long as the container is up. */
  tmpfs?: Record<string, string>
  /** Size of /dev/shm in bytes; the engine's default otherwise. */
  sharedMemory?: number
  /** Where other containers find it by a name. */
  network?: { of: StartedNetwork; name: string }
}

/** A server in a container, with ports of this machine that stay its own. */
export interface ContainerServer extends AsyncDisposable {
  /** `127.0.0.1:PORT` for one of its ports. */
  address(port: number): string
  /** Takes the server away as a crash does. */
  kill(): Promise<void>
  /** Ends the server in order. */
  stop(): Promise<void>
  /** Brings it back, at the same ports. */
  start(): Promise<void>
}

/** Starts a server; disposing of it removes container and volumes. */
export async function startServer(options: ServerOptions): Promise<ContainerServer> {
  const image = await imageOf(options.image)
  const hostPorts = new Map<number, number>()
  for (const port of options.ports) hostPorts.set(port, await freePort())
  const server = new GenericContainer(image)
    .withUser(options.user)
    .withCommand(options.command)
    .withEnvironment(options.environment ?? {})
    .withTmpFs(options.tmpfs ?? {})
    .withBindMounts([...mounts(options.files, 'ro'), ...mounts(options.folders, 'rw')])
    .withExposedPorts(...[...hostPorts].map(([container, host]) => ({ container, host })))
    .withWaitStrategy(options.up)
  if (options.network !== undefined) {
    server.withNetwork(options.network.of).withNetworkAliases(options.network.name)
  }
  if (options.sharedMemory !== undefined) server.withSharedMemorySize(options.sharedMemory)
  const container = await server.start()
  const docker = (...args: string[]) => execa('docker', [...args, container.getId()], { stdin: 'ignore' })
  return {
    address: (port) => `127.0.0.1:${hostPorts.get(port)}`,
    kill: async () => void (await docker('kill')),
    stop: async () => void (await docker('stop')),
    start: async () => void (await docker('start')),
    async [Symbol.asyncDispose]() {
      await docker('rm', '--force', '--volumes')
    },
  }
}

const mounts = <Mode extends 'ro' | 'rw'>(sources: Readonly<Record<string, string>> = {}, mode: Mode) =>
  Object.entries(sources).map(([target, source]) => ({ source, target, mode }))
