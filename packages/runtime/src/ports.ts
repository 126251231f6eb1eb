import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { execa } from 'execa'
import type { ComponentDefinition, PortUse } from './component.ts'
import { HOST } from './endpoints.ts'
import { environmentLacks, systemErrorCode, wrongUse } from './errors.ts'
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

const COMMAND_LENGTH = 80

/**
 * Checks that every port of every component is free.
 * @throws StackError (environment) that names each taken port, the component that needs it and, where the OS
 * tells, the process that holds it
 */
export async function checkPorts(
  components: readonly ComponentDefinition[],
  portOffset: number,
): Promise<void> {
  const lines: string[] = []
  for (const component of components) {
    for (const use of component.ports) {
      if (!(await isFree(use.port))) lines.push(await describe(component.name, use))
    }
  }
  if (lines.length === 0) return
  const withoutOffset = components.flatMap(({ ports }) => ports.map(({ port }) => port - portOffset))
  const offset = await suggestOffset(withoutOffset, isFree, { current: portOffset })
  const move =
    offset === undefined
      ? ''
      : `, or move all ports of the kit: --port-offset ${offset} (or FAULTLINE_PORT_OFFSET=${offset})`
  throw environmentLacks(`${lines.join('\n')}\nStop what holds ${lines.length === 1 ? 'it' : 'them'}${move}`)
}

/** Whether nobody on this machine listens on a port of the loopback interface. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen({ port, host: HOST, exclusive: true })
    await once(server, 'listening')
    server.close()
    return true
  } catch (error) {
    if (systemErrorCode(error) === 'EADDRINUSE') return false
    throw error
  }
}

async function describe(component: string, { port, purpose }: PortUse): Promise<string> {
  const holder = await findHolder(port)
  return `port ${port} (${component}, ${purpose}) is in use${holder === undefined ? '' : ` by ${holder}`}`
}

/** The process that listens on a port as `pid 123 (command)`; undefined where the OS does not tell. */
async function findHolder(port: number): Promise<string | undefined> {
  try {
    // only when something is wrong: loading it takes as long as all of the checks
    const { portToPid } = await import('pid-port')
    const pid = await portToPid({ port, host: '*' })
    if (pid === undefined) return undefined
    const { stdout } = await execa('ps', ['-o', 'args=', '-p', String(pid)], { reject: false })
    const command = stdout.trim().slice(0, COMMAND_LENGTH)
    return command === '' ? `pid ${pid}` : `pid ${pid} (${command})`
  } catch {
    // ss, netstat or lsof is missing, or the process is another user's: the port's number must do
    return undefined
  }
}
