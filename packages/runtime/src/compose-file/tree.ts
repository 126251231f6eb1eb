import { relative } from 'node:path'
import { REPOSITORY_ROOT } from '@faultline/toolchain'
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml'

/** Where something stands in a compose file. */
export interface Place {
  /** Absolute path. */
  readonly file: string
  /** From 1. */
  readonly line: number
}

/** A place for people: `docker-compose.yml:120`, as editors and terminals link it. */
export function placeOf({ file, line }: Place): string {
  const inRepository = relative(REPOSITORY_ROOT, file)
  return `${inRepository.startsWith('..') ? file : inRepository}:${line}`
}

/** A value of a compose file with the place where it is written; of a mapping's entry, the place of its key. */
export interface Tree {
  readonly at: Place
  readonly value: string | number | boolean | null | readonly Tree[] | Mapping
  /** How a scalar is written, `0x10` for 16; absent where that says nothing more. */
  readonly source?: string
  /** What becomes of that which earlier files say of it: taken out, or replaced instead of merged. */
  readonly tag?: '!reset' | '!override'
}
export type Mapping = ReadonlyMap<string, Tree>

/** Takes something that is wrong in a file, for people. */
export type Report = (at: Place, problem: string) => void

export const isMapping = (value: unknown): value is Mapping => value instanceof Map
export const isList = (value: Tree['value'] | undefined): value is readonly Tree[] => Array.isArray(value)

/** The mapping at a path; empty where there is none. */
export function mappingAt(tree: Tree | undefined, ...[key, ...rest]: readonly string[]): Mapping {
  const mapping: Mapping = isMapping(tree?.value) ? tree.value : new Map()
  return key === undefined ? mapping : mappingAt(mapping.get(key), ...rest)
}

/** Where the value of a path is written, or the last part of the path that there is. */
export function placeAt(tree: Tree, [key, ...rest]: readonly PropertyKey[]): Place {
  const { value } = tree
  const next = isMapping(value) ? value.get(String(key)) : isList(value) ? value[Number(key)] : undefined
  return next === undefined ? tree.at : placeAt(next, rest)
}

/** The value without the places. */
export function plain({ value }: Tree): unknown {
  if (isMapping(value)) return Object.fromEntries([...value].map(([key, entry]) => [key, plain(entry)]))
  return isList(value) ? value.map(plain) : value
}

/** Far more than a kit has; aliases of aliases make any number of a few lines. */
const MOST_VALUES = 100_000

/** What leads to a node: aliases may not lead to themselves, and compose does not hear `!reset` everywhere. */
interface Way {
  readonly aliased: readonly Node[]
  readonly isResetHeard: boolean
}

/**
 * A YAML document with its aliases and merge keys in place.
 * @param file absolute path, for places
 * @param report what is not valid YAML, more than {@link MOST_VALUES} values, aliases without an anchor or in a circle,
 * keys that are not text, tags that have no effect
 */
export function parseTree(file: string, text: string, report: Report): Tree {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const placeOf = (offset: number): Place => ({ file, line: lines.linePos(offset).line })
  const [error] = document.errors
  if (error !== undefined) {
    const at = placeOf(error.pos[0])
    const isOfMany = error.code === 'MULTIPLE_DOCS'
    report(at, isOfMany ? 'a file may hold one YAML document only' : `not valid YAML: ${error.message}`)
    return { at, value: null }
  }
  // Alias.resolve would go through the whole document for each
  const anchored = new Map<string, Node>()
  const targets = new Map<Alias, Node | undefined>()
  visit(document, {
    Value: (_, node) => void (node.anchor && anchored.set(node.anchor, node)),
    Alias: (_, node) => void targets.set(node, anchored.get(node.source)),
  })
  let values = 0
  const tree = convert(document.contents, placeOf(0), { aliased: [], isResetHeard: true })
  if (values > MOST_VALUES) report(placeOf(0), `its aliases make more than ${MOST_VALUES} values of it`)
  return tree

  function convert(node: Node | null, at: Place, way: Way): Tree {
    values += 1
    if (node === null || values > MOST_VALUES) return { at, value: null }
    if (isAlias(node)) {
      const target = targets.get(node)
      if (target !== undefined && !way.aliased.includes(target)) {
        return convert(target, at, { aliased: [...way.aliased, target], isResetHeard: way.isResetHeard })
      }
      const problem = target === undefined ? 'leads to no anchor above it' : 'leads back to itself'
      report(at, `the alias *${node.source} ${problem}`)
      return { at, value: null }
    }
    const { tag } = node
    const isKnown = tag === '!reset' || tag === '!override'
    if (!isKnown && tag?.startsWith('!')) report(at, `the tag ${tag} is not supported`)
    if (tag === '!reset' && !way.isResetHeard) {
      report(at, '!reset has no effect here: it takes a key out of a mapping, and not by way of an alias')
    }
    const tagged: Pick<Tree, 'at' | 'tag'> = isKnown ? { at, tag } : { at }
    const isResetHeard = way.isResetHeard && !isKnown && !isSeq(node) && !way.aliased.includes(node)
    const inside: Way = { aliased: way.aliased, isResetHeard }
    if (isMap(node)) return { ...tagged, value: mapping(node, inside) }
    if (isSeq(node)) {
      const items = node.items as (Node | null)[]
      return { ...tagged, value: items.map((item) => convert(item, placeIn(item, at), inside)) }
    }
    if (!isScalar(node)) return { at, value: null }
    const { value, source } = node
    const isPlain = typeof value === 'string' || value === null
    return {
      ...tagged,
      value: value as Tree['value'],
      ...(isPlain || source === undefined ? {} : { source }),
    }
  }

  function mapping({ items }: { items: { key: unknown; value: unknown }[] }, way: Way): Mapping {
    const own = new Map<string, Tree>()
    const merged: Mapping[] = []
    for (const { key, value } of items as { key: Node; value: Node | null }[]) {
      const at = placeIn(key, placeOf(0))
      if (!isScalar(key) || typeof key.value !== 'string') {
        report(at, `the key ${key} must be text: put it in quotes`)
      } else if (key.value !== '<<') {
        own.set(key.value, convert(value, at, way))
      } else {
        const source = convert(value, at, way).value
        for (const each of isList(source) ? source.map((item) => item.value) : [source]) {
          if (isMapping(each)) merged.push(each)
          else if (values <= MOST_VALUES)
            report(at, 'the merge key << takes a mapping, or a list of mappings')
        }
      }
    }
    // of two that are merged in, the first counts
    return new Map([...merged.toReversed().flatMap((each) => [...each]), ...own])
  }

  function placeIn(node: Node | null, otherwise: Place): Place {
    return node?.range ? placeOf(node.range[0]) : otherwise
  }
}
