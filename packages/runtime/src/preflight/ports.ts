import { once } from 'node:events'
import { createServer } from 'node:net'
import { execa } from 'execa'
import type { ComponentDefinition, PortUse } from '../component.ts'
import { HOST } from '../endpoints.ts'
import { environmentLacks, systemErrorCode } from '../errors.ts'
import { suggestOffset } from '../ports.ts'

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
