import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { environmentLacks, messageOf, systemErrorCode, wrongUse } from '../errors.ts'
import { canonical, MEANINGLESS_WITHOUT_CONTAINERS, merge } from './layer.ts'
import { type ComposeService, SERVICE_KEYS, serviceOf } from './service.ts'
import { mappingAt, parseTree, placeAt, placeOf, type Report, type Tree } from './tree.ts'

/** Keys at the top of a compose file that are read. */
const TOP_LEVEL_KEYS: readonly string[] = ['services', 'volumes']
const COMPLETED = 'service_completed_successfully'

/** Compose files as one: the first with the others merged over it, in their order. */
export interface ComposeModel {
  /** In the order in which the files name them. */
  readonly services: ReadonlyMap<string, ComposeService>
  /** Names of services that one file has and a later one takes out (`!reset null`). */
  readonly removed: ReadonlySet<string>
}

/**
 * Reads compose files as one, as `docker compose -f FIRST -f NEXT config` does, of the keys that mean something without
 * containers. Relative paths in them start from the folder of the first.
 * @param variables that the files may use
 * @throws StackError (wrong use) for a file that is not there, and with the place of everything that is wrong or cannot
 * be honoured; (environment) when a file cannot be read
 */
export async function readComposeFiles(
  files: readonly string[],
  variables: NodeJS.Dict<string>,
): Promise<ComposeModel> {
  const problems = new Set<string>()
  const report: Report = (at, problem) => problems.add(`${placeOf(at)}: ${problem}`)
  const throwProblems = (...wayOut: readonly string[]): void => {
    if (problems.size > 0) throw wrongUse([...problems, ...wayOut].join('\n'))
  }

  const paths = files.map((file) => resolve(file))
  const first = { file: paths[0] ?? '', line: 1 }
  let tree: Tree = { at: first, value: new Map() }
  const named = new Set<string>()
  for (const file of paths) {
    const text = await textOf(file)
    if (text === undefined) throw wrongUse(`there is no compose file ${file}: check its name`)
    const layer = canonical(parseTree(file, text, report), variables, report)
    for (const [name, { tag }] of mappingAt(layer, 'services')) if (tag !== '!reset') named.add(name)
    tree = merge(tree, layer, report)
    throwProblems()
  }
  if (mappingAt(tree, 'services').size === 0) {
    report(first, 'there must be services, as a mapping with at least one of them')
    throwProblems()
  }
  checkKeys(tree, report)
  throwProblems(
    `Of a service, supported are ${SERVICE_KEYS.join(', ')}; without meaning and left out are ${MEANINGLESS_WITHOUT_CONTAINERS.join(', ')}. A later file takes a key out with "KEY: !reset null".`,
  )

  const services = new Map<string, ComposeService>()
  for (const [name, service] of mappingAt(tree, 'services')) {
    const read = serviceOf(name, service, dirname(first.file), variables, report)
    if (read !== undefined) services.set(name, read)
  }
  throwProblems()

  const removed = new Set([...named].filter((name) => !services.has(name)))
  checkReferences({ services, removed }, tree, report)
  throwProblems()
  // taken out, or not required
  const remains = (name: string): boolean => services.has(name)
  for (const [name, service] of services) {
    const { dependsOn, flushesTo } = service
    services.set(name, {
      ...service,
      dependsOn: dependsOn.filter(remains),
      flushesTo: flushesTo.filter(remains),
    })
  }
  return { services, removed }
}

function checkKeys(tree: Tree, report: Report): void {
  const check = (owner: string, supported: readonly string[], ...path: readonly string[]): void => {
    for (const [key, { at }] of mappingAt(tree, ...path)) {
      if (supported.includes(key)) continue
      report(at, `${owner} has the key ${key}, which is not supported without containers`)
    }
  }
  check('the file', TOP_LEVEL_KEYS)
  for (const name of mappingAt(tree, 'services').keys()) {
    check(`service ${name}`, SERVICE_KEYS, 'services', name)
  }
}

/**
 * Text of a file that people write; undefined where there is none.
 * @throws StackError (environment) when it cannot be read
 */
export async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw environmentLacks(`cannot read ${file} (${messageOf(error)}): change its owner or mode`, error)
  }
}

/**
 * Checks what services say of each other and of volumes.
 * @param tree that the model was read from, for places
 * @param report services and volumes that no file names, ports that two publish, circles of dependencies
 */
function checkReferences({ services, removed }: ComposeModel, tree: Tree, report: Report): void {
  const volumes = mappingAt(tree, 'volumes')
  const published = new Map<string, string>()
  for (const { name, mounts, ports, profiles, ...service } of services.values()) {
    const at = (...path: PropertyKey[]) => placeAt(tree, ['services', name, ...path])
    const say = (problem: string, ...path: PropertyKey[]): void =>
      report(at(...path), `${[`service ${name}`, ...path].join('.')}: ${problem}`)
    const expectService = (other: string, ...path: PropertyKey[]): void => {
      if (!services.has(other) && !removed.has(other)) say(`there is no service ${other}`, ...path)
    }
    for (const other of service.dependsOn) {
      const dependency = mappingAt(tree, 'services', name, 'depends_on', other)
      if (dependency.get('required')?.value !== false) expectService(other, 'depends_on', other)
      if (dependency.get('condition')?.value !== COMPLETED || services.get(other)?.isTask !== false) continue
      const problem = `waits for the end of ${other}, which never ends (restart: "no" makes a task of it)`
      say(problem, 'depends_on', other)
    }
    for (const [variable, other] of Object.entries(service.needs)) expectService(other, 'x-needs', variable)
    for (const [index, other] of service.flushesTo.entries()) expectService(other, 'x-flushes-to', index)
    for (const other of Object.keys(service.standsInFor)) expectService(other, 'x-stands-in-for', other)
    for (const [index, { type, source, target }] of mounts.entries()) {
      const outer = mounts.find((other) => target.startsWith(`${other.target}/`))
      if (outer !== undefined) {
        const problem = `${target} is below ${outer.target}, which is mounted as well; without containers only one can be`
        say(problem, 'volumes', index)
      }
      if (type === 'bind' || volumes.has(source)) continue
      const problem = `no volume ${source} is among those at the top of the files; a folder begins with ./`
      say(problem, 'volumes', index)
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
