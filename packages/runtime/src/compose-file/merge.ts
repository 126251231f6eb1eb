import { posix } from 'node:path'
import { isList, isMapping, plain, type Report, type Tree } from './tree.ts'

/**
 * One file merged over those before it, as compose does: mappings merge, lists append, anything else is replaced.
 * @param before absent where nothing says it yet
 * @param over in canonical form, see `canonical.ts`
 * @param report a list or a mapping that something else is to replace
 * @param path keys that lead to both, with slashes between
 */
export function merge(before: Tree | undefined, over: Tree, report: Report, path = ''): Tree {
  const key = path.replace(/^services\/[^/]+\//, '')
  const isReplaced = over.tag === '!override' || key === 'command' || key.startsWith('environment/')
  if (before !== undefined && over.value === null && !isReplaced) return before
  const base = isReplaced ? undefined : before
  const isMerged = isMapping(base?.value) ? isMapping(over.value) : !isList(base?.value) || isList(over.value)
  if (!isMerged) {
    const kind = isMapping(base?.value) ? 'mapping' : 'list'
    report(
      over.at,
      `${path === '' ? 'the file' : path.replaceAll('/', '.')} must be a ${kind}, as in the files before; !override replaces it`,
    )
  }
  if (isMapping(over.value)) {
    const merged = new Map(isMapping(base?.value) ? base.value : [])
    for (const [name, entry] of over.value) {
      if (entry.tag === '!reset') merged.delete(name)
      else merged.set(name, merge(merged.get(name), entry, report, path === '' ? name : `${path}/${name}`))
    }
    return { at: base?.at ?? over.at, value: merged }
  }
  if (isList(over.value)) {
    return { at: over.at, value: unique([...(isList(base?.value) ? base.value : []), ...over.value], key) }
  }
  return { at: over.at, value: over.value }
}

/** Entries of a list without those that a later one takes the place of. */
function unique(entries: readonly Tree[], key: string): readonly Tree[] {
  const identify = IDENTITIES[key]
  return identify ? [...new Map(entries.map((entry) => [identify(entry), entry])).values()] : entries
}

const field = ({ value }: Tree, name: string): unknown => {
  const entry = isMapping(value) ? value.get(name) : undefined
  return entry && plain(entry)
}

/** What makes two entries of a service's list the same. */
const IDENTITIES: Readonly<Record<string, (entry: Tree) => unknown>> = {
  expose: ({ value }) => String(value),
  profiles: ({ value }) => value,
  volumes: (entry) => posix.resolve('/', String(field(entry, 'target'))),
  ports: (entry) => {
    const [ip = '0.0.0.0', published, target, protocol = 'tcp'] = [
      'host_ip',
      'published',
      'target',
      'protocol',
    ].map((name) => field(entry, name))
    return `${ip}:${published}:${target}/${protocol}`
  },
}
