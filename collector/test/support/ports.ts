import { freePort } from '@faultline/test-support/ports'

/** Free ports on loopback by name, no two the same. */
export async function freePorts<const Names extends readonly string[]>(
  ...names: Names
): Promise<Readonly<Record<Names[number], number>>> {
  const ports = await Promise.all(names.map(async (name) => [name, await freePort()] as const))
  return Object.fromEntries(ports) as Record<Names[number], number>
}
