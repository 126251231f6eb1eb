import { messageOf } from '../errors.ts'
import { interpolate } from './interpolate.ts'
import { isLeftOut } from './keys.ts'
import type { Place } from './model.ts'
import { isList, isMapping, type Report, type Tree } from './tree.ts'

/**
 * A file as merging needs it: variables filled in, short forms written out, without what is left out.
 * @param report variables without a value, short forms that are not supported, numbers that are not written as they
 * would be read
 */
export function canonical(
  tree: Tree,
  variables: NodeJS.Dict<string>,
  report: Report,
  path: readonly string[] = [],
): Tree {
  const { at, value, source } = tree
  // what it takes out, it says nothing of
  if (tree.tag === '!reset') return tree
  if (typeof value === 'string') {
    try {
      return { ...tree, value: interpolate(value, variables) }
    } catch (error) {
      report(at, `${path.join('.')}: ${messageOf(error)}`)
      return tree
    }
  }
  if (source !== undefined && source !== String(value)) {
    report(at, `${path.join('.')}: ${source} is read as ${value}: write that, or put it in quotes`)
  }
  const below = (entry: Tree, key: string): Tree => canonical(entry, variables, report, [...path, key])
  if (isMapping(value)) {
    const entries = [...value].filter(([key]) => !isLeftOut([...path, key]))
    return { ...tree, value: new Map(entries.map(([key, entry]) => [key, below(entry, key)])) }
  }
  if (!isList(value)) return tree
  const entries = value.map((entry, index) => below(entry, String(index)))
  const writeOut = path.length === 3 && path[0] === 'services' ? SHORT_FORMS[path[2] ?? ''] : undefined
  return { ...tree, value: writeOut?.(entries, report) ?? entries }
}

/** Writes out the short form of a service's list; undefined where it has none. */
type WriteOut = (entries: readonly Tree[], report: Report) => Tree['value'] | undefined

/** A list of texts as a mapping. */
const mapped =
  (entryOf: (text: string, at: Place) => readonly [key: string, value: Tree['value']]): WriteOut =>
  (entries) => {
    const mapping = new Map<string, Tree>()
    for (const { at, value } of entries) {
      if (typeof value !== 'string') return undefined
      const [key, entry] = entryOf(value, at)
      mapping.set(key, { at, value: entry })
    }
    return mapping
  }

const SHORT_FORMS: Readonly<Record<string, WriteOut>> = {
  depends_on: mapped((service, at) => [service, new Map([['condition', { at, value: 'service_started' }]])]),
  environment: mapped((text) => {
    const [, name = text, value = null] = /^(.*?)=(.*)$/s.exec(text) ?? []
    return [name, value]
  }),
  ports: (entries, report) => {
    for (const { at, value } of entries) {
      if (isMapping(value)) continue
      const [, published, target = value] = /^(?:.*?(\d+):)?(\d+)(?:\/\w+)?$/.exec(String(value)) ?? []
      const form = `{ name: NAME, target: ${target}, published: "${published ?? target}" }`
      report(at, `the port ${value} has no name: write ${form}`)
    }
    return undefined
  },
  volumes: (entries, report) =>
    entries.map((entry) => {
      if (typeof entry.value !== 'string') return entry
      const { at, value } = entry
      const [source = '', target = '', mode, ...more] = value.split(':')
      // compose takes a single letter for a drive of Windows
      if (/^\w?$/.test(source) || target === '' || mode === '' || more.length > 0) {
        report(at, `the volume ${value} must be SOURCE:TARGET or SOURCE:TARGET:MODE`)
      }
      const fields = { type: /^[./~]/.test(source) ? 'bind' : 'volume', source, target }
      return {
        at,
        value: new Map(Object.entries(fields).map(([key, field]) => [key, { at, value: field }])),
      }
    }),
}
