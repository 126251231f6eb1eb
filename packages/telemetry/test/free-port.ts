import getPort, { portNumbers } from 'get-port'

/**
 * A TCP port of the loopback interface that nobody has: below those that the system gives to outgoing connections (Linux:
 * from 32768), one of which could take it between this look and its use.
 */
export const freePort = (): Promise<number> =>
  getPort({ host: '127.0.0.1', port: portNumbers(26_000, 32_000) })
