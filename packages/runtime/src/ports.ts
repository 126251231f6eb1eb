import { readFile } from 'node:fs/promises'
import { wrongUse } from './errors.ts'
import { HIGHEST_DEFAULT_PORT } from './generated/topology.ts'

export const HIGHEST_PORT = 65_535

const STEP = 1000

/** Largest offset that keeps ports in range. */
export const maxOffset = (ports: readonly number[]): number => HIGHEST_PORT - Math.max(...ports)

/** Largest offset that keeps every port of the kit in range. */
export const MAX_PORT_OFFSET = maxOffset([HIGHEST_DEFAULT_PORT])

/**
 * Reads a port offset as given in `FAULTLINE_PORT_OFFSET` or `--port-offset`; one that is not given is 0.
 * @throws StackError (wrong use) when it is not a whole number from 0 to {@link MAX_PORT_OFFSET}.
 */
export function parsePortOffset(text: string | undefined): number {
  return text === undefined || text.trim() === '' ? 0 : portOffset(text, MAX_PORT_OFFSET)
}

/**
 * Reads a port offset.
 * @throws StackError (wrong use) when it is not a whole number from 0 to the largest one.
 */
export function portOffset(text: string, largest: number): number {
  if (/^\d+$/.test(text) && Number(text) <= largest) return Number(text)
  throw wrongUse(
    `port offset must be a whole number from 0 to ${largest}, above which a port would be higher than ${HIGHEST_PORT}; got "${text}"`,
  )
}

/**
 * An offset with which the kit can run beside itself: the smallest multiple of 1000 at which every port is free, stays
 * below those of outgoing connections, and is none that the kit has without an offset or with its present one.
 * @param ports of the kit without an offset
 * @param isFree whether nobody listens on a port
 * @returns undefined where there is none
 */
export async function suggestOffset(
  ports: readonly number[],
  isFree: (port: number) => Promise<boolean>,
  options: { readonly current?: number; readonly below?: number } = {},
): Promise<number | undefined> {
  const { current = 0, below = (await outgoingPorts())[0] } = options
  const kept = new Set([...ports, ...ports.map((port) => port + current)])
  for (let offset = STEP; Math.max(...ports) + offset < below; offset += STEP) {
    const moved = ports.map((port) => port + offset)
    if (!moved.some((port) => kept.has(port)) && (await areFree(moved, isFree))) return offset
  }
  return undefined
}

async function areFree(
  ports: readonly number[],
  isFree: (port: number) => Promise<boolean>,
): Promise<boolean> {
  for (const port of ports) if (!(await isFree(port))) return false
  return true
}

/** The first and the last of the ports that the system gives to outgoing connections. */
export async function outgoingPorts(): Promise<readonly [number, number]> {
  const text = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => '')
  // without that file: from where Linux begins, as others begin higher
  const [lowest = 32_768, highest = HIGHEST_PORT] = text.match(/\d+/g)?.map(Number) ?? []
  return [lowest, highest]
}
