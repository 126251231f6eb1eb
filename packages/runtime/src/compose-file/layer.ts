import { posix } from 'node:path'
import { messageOf } from '../errors.ts'
import { SERVICE_KEYS } from './service.ts'
import { isList, isMapping, type Place, plain, type Report, type Tree } from './tree.ts'

const START = /\$(?:\$|\{|(?<name>[a-z_]\w*))/i
// without the flag s: a line break in a default is an error to compose, too
const BRACED = /^\$\{(?<name>[a-z_]\w*)(?:(?<operator>:?[-?+])(?<argument>.*))?\}$/i

/**
 * A text with variables filled in as compose does: `$A`, `${A}`, `${A:-default}`, `${A:?message}`,
 * `${A:+replacement}`, each also without the colon (then what is set to nothing counts as set); `$$` is a `$`. As with
 * compose, a default or replacement is filled in even where it is not taken.
 * @throws Error for people: a variable without a value, or a brace that holds none
 */
export function interpolate(text: string, variables: NodeJS.Dict<string>): string {
  const found = START.exec(text)
  if (found === null) return text
  const end = found[0] === '${' ? afterBrace(text, found.index + 1) : found.index + found[0].length
  const expression = text.slice(found.index, end)
  const filled =
    expression === '$$'
      ? '$'
      : fill(found.groups?.name === undefined ? expression : `\${${found.groups.name}}`, variables)
  return text.slice(0, found.index) + filled + interpolate(text.slice(end), variables)
}

function fill(expression: string, variables: NodeJS.Dict<string>): string {
  const { name, operator, argument = '' } = BRACED.exec(expression)?.groups ?? {}
  if (name === undefined) throw new Error(`${expression} is no variable: write $$ for a $ that begins none`)
  const value = variables[name]
  if (operator === undefined) {
    if (value !== undefined) return value
    throw new Error(`the variable ${name} has no value: set it, or write \${${name}:-} where it may be empty`)
  }
  const alternative = interpolate(argument, variables)
  const isSet = value !== undefined && !(operator.startsWith(':') && value === '')
  if (operator.endsWith('+')) return isSet ? alternative : ''
  if (isSet) return value
  if (operator.endsWith('-')) return alternative
  throw new Error(`the variable ${name} must be set${alternative === '' ? '' : `: ${alternative}`}`)
}

/** Index after the brace that closes the one at an index, or of the text's end where none does. */
function afterBrace(text: string, opening: number): number {
  let depth = 0
  for (let at = opening; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1
    if (text[at] === '}') depth -= 1
    if (depth === 0) return at + 1
  }
  return text.length
}

/**
 * Keys of a service that are left out: how its image is made, what a container is limited to and shut off from, what
 * Docker keeps of it. What decides which program runs or whom it reaches is not among them; nor is `networks`, whose
 * aliases are addresses.
 */
export const MEANINGLESS_WITHOUT_CONTAINERS: readonly string[] = `
  annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent container_name cpu_count cpu_percent
  cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset develop device_cgroup_rules domainname
  extra_hosts group_add healthcheck hostname init ipc isolation label_file labels logging mac_address mem_limit
  mem_reservation mem_swappiness memswap_limit oom_kill_disable oom_score_adj pid pids_limit platform privileged
  pull_policy read_only runtime security_opt shm_size stdin_open storage_opt sysctls tmpfs tty ulimits user
  userns_mode uts`
  .trim()
  .split(/\s+/)

/**
 * Whether a key is left out without a word.
 * @param path keys that lead to it from the top of the file, itself the last
 */
function isLeftOut(path: readonly string[]): boolean {
  const key = path.at(-1) ?? ''
  if (path.length === 1) return key === 'name' || key === 'version' || key.startsWith('x-')
  if (path.length !== 3 || path[0] !== 'services') return false
  return MEANINGLESS_WITHOUT_CONTAINERS.includes(key) || (key.startsWith('x-') && !SERVICE_KEYS.includes(key))
}

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

/**
 * One file merged over those before it, as compose does: mappings merge, lists append, anything else is replaced.
 * @param before absent where nothing says it yet
 * @param over in canonical form
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
