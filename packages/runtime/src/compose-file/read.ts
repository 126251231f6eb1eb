import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { environmentLacks, messageOf, systemErrorCode, wrongUse } from '../errors.ts'
import { canonical } from './canonical.ts'
import { checkReferences } from './check.ts'
import { MEANINGLESS_WITHOUT_CONTAINERS, SERVICE_KEYS, TOP_LEVEL_KEYS } from './keys.ts'
import { merge } from './merge.ts'
import { type ComposeModel, type ComposeService, placeOf } from './model.ts'
import { serviceOf } from './service.ts'
import { type Mapping, mappingAt, parseTree, type Report, type Tree } from './tree.ts'

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
  const check = (mapping: Mapping, supported: readonly string[], owner: string): void => {
    for (const [key, { at }] of mapping) {
      if (supported.includes(key)) continue
      report(at, `${owner} has the key ${key}, which is not supported without containers`)
    }
  }
  check(mappingAt(tree), TOP_LEVEL_KEYS, 'the file')
  for (const name of mappingAt(tree, 'services').keys()) {
    check(mappingAt(tree, 'services', name), SERVICE_KEYS, `service ${name}`)
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
