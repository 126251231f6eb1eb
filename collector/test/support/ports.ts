import { createServer } from 'node:net'

/** Ports on loopback that were free a moment ago; all of them were held at once, so no two are the same. */
export async function freePorts<const Names extends readonly string[]>(
  ...names: Names
): Promise<Readonly<Record<Names[number], number>>> {
  const servers = await Promise.all(
    names.map(async (name) => {
      const server = createServer()
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(0, '127.0.0.1', resolve)
      })
      return { name, server }
    }),
  )
  const ports = servers.map(({ name, server }) => {
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('a TCP server has no port')
    return [name, address.port] as const
  })
  await Promise.all(servers.map(({ server }) => new Promise((resolve) => server.close(resolve))))
  return Object.fromEntries(ports) as Record<Names[number], number>
}
