import { randomInt } from 'node:crypto'
import getPort, { portNumbers } from 'get-port'

/**
 * Below the ports that the system gives to outgoing connections (Linux: from 32768), which could take a port between
 * this look and its use; above those of a kit that tests start.
 */
const RANGE = { from: 26_000, to: 32_000 }
/** Ports tried from a random one on, so that test runs side by side do not try the same. */
const TRIES = 200

/** A TCP port of the loopback interface that nobody has at the moment; not given out twice by one process. */
export async function freePort(): Promise<number> {
  const first = randomInt(RANGE.from, RANGE.to - TRIES)
  return getPort({ host: '127.0.0.1', port: portNumbers(first, first + TRIES) })
}

/** Free ports by name, no two the same. */
export async function freePorts<const Names extends readonly string[]>(
  ...names: Names
): Promise<Readonly<Record<Names[number], number>>> {
  const ports = await Promise.all(names.map(async (name) => [name, await freePort()] as const))
  return Object.fromEntries(ports) as Record<Names[number], number>
}
