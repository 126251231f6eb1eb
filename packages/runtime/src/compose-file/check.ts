import { type ComposeModel, placeOf } from './model.ts'
import { mappingAt, placeAt, type Report, type Tree } from './tree.ts'

const COMPLETED = 'service_completed_successfully'

/**
 * Checks what services say of each other and of volumes.
 * @param tree that the model was read from, for places
 * @param report services and volumes that no file names, ports that two publish, circles of dependencies
 */
export function checkReferences({ services, removed }: ComposeModel, tree: Tree, report: Report): void {
  const volumes = mappingAt(tree, 'volumes')
  const published = new Map<string, string>()
  for (const { name, mounts, ports, profiles, ...service } of services.values()) {
    const at = (...path: PropertyKey[]) => placeAt(tree, ['services', name, ...path])
    const expectService = (other: string, ...path: PropertyKey[]): void => {
      if (services.has(other) || removed.has(other)) return
      report(at(...path), `${[`service ${name}`, ...path].join('.')}: there is no service ${other}`)
    }
    for (const other of service.dependsOn) {
      const dependency = mappingAt(tree, 'services', name, 'depends_on', other)
      if (dependency.get('required')?.value !== false) expectService(other, 'depends_on', other)
      if (dependency.get('condition')?.value !== COMPLETED || services.get(other)?.isTask !== false) continue
      const problem = `waits for the end of ${other}, which runs for ever (restart: "no" makes a task of it)`
      report(at('depends_on', other), `service ${name}.depends_on.${other}: ${problem}`)
    }
    for (const [variable, other] of Object.entries(service.needs)) expectService(other, 'x-needs', variable)
    for (const [index, other] of service.flushesTo.entries()) expectService(other, 'x-flushes-to', index)
    for (const other of Object.keys(service.standsInFor)) expectService(other, 'x-stands-in-for', other)
    for (const [index, { type, source, target }] of mounts.entries()) {
      const outer = mounts.find((other) => target.startsWith(`${other.target}/`))
      if (outer !== undefined) {
        const problem = `${target} is below ${outer.target}, which is mounted as well; without containers only one can be`
        report(at('volumes', index), `service ${name}.volumes.${index}: ${problem}`)
      }
      if (type === 'bind' || volumes.has(source)) continue
      const problem = `no volume ${source} is among those at the top of the files; a folder begins with ./`
      report(at('volumes', index), `service ${name}.volumes.${index}: ${problem}`)
    }
    if (profiles.length > 0) continue
    for (const [index, { published: number, protocol }] of ports.entries()) {
      const key = `${number}/${protocol}`
      const place = at('ports', index)
      const first = published.get(key)
      published.set(key, first ?? `${name} does (${placeOf(place)})`)
      if (first === undefined) continue
      report(place, `service ${name} publishes ${key}, as service ${first}: give one of them another number`)
    }
  }
  const done = new Set<string>()
  for (const name of services.keys()) {
    const circle = circleFrom(name, services, done)
    if (circle === undefined) continue
    const [first = '', second = ''] = circle
    const place = placeAt(tree, ['services', first, 'depends_on', second])
    report(place, `dependencies go in a circle: ${circle.join(' → ')}`)
    return
  }
}

/**
 * A service that depends on itself, with those between: `[a, b, a]`.
 * @param done services from which no circle was found
 */
function circleFrom(
  name: string,
  services: ComposeModel['services'],
  done: Set<string>,
  way: readonly string[] = [],
): readonly string[] | undefined {
  if (way.includes(name)) return [...way.slice(way.indexOf(name)), name]
  if (done.has(name)) return undefined
  for (const next of services.get(name)?.dependsOn ?? []) {
    const circle = circleFrom(next, services, done, [...way, name])
    if (circle !== undefined) return circle
  }
  done.add(name)
  return undefined
}
