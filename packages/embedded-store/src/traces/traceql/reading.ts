import {
  type AttributeField,
  type Expression,
  type Field,
  type IntrinsicField,
  isList,
  type Literal,
  type Scalar,
  type Spanset,
  type Value,
} from './ast.ts'
import { type Test, testOf } from './evaluate.ts'

/** Value that a span has stored in an intrinsic, or in an attribute of one scope. */
export type StoredValue = (field: Field) => Value

/** A field as a search shows it beside a span that it found. */
export interface ReadField {
  readonly field: Field
  readonly value: Scalar | readonly Scalar[]
}

/**
 * What Tempo reads of a span before it evaluates a query, and so all that the query can see and a search can show.
 *
 * Tempo hands the query's comparisons to its storage, which gives only the values that one of them lets pass: per
 * column, where an attribute has its own, else for all attributes of a scope together. So a list shrinks to the
 * elements that were asked for, and a whole number is seen by a comparison with `1.5` only if another one with a whole
 * number, on whichever attribute, lets it pass.
 *
 * @see https://github.com/grafana/tempo/blob/v3.0.3/tempodb/encoding/vparquet5/block_traceql.go
 */
export class Reading {
  readonly #intrinsics = new Map<IntrinsicField['name'], Filter>()
  readonly #scopes = { span: new ScopeReading('span'), resource: new ScopeReading('resource') }

  constructor(query: Spanset) {
    for (const condition of conditionsOf(query)) {
      const { field } = condition
      if (field.kind === 'attribute') {
        for (const scope of scopesOf(field)) this.#scopes[scope].add(field.name, condition)
      } else filterIn(this.#intrinsics, field.name).add(condition)
    }
  }

  /** Value of a field of the query, or nothing where the storage did not give one. */
  value(stored: StoredValue, field: Field): Value {
    if (field.kind === 'intrinsic') return this.#intrinsic(stored, field)
    for (const scope of scopesOf(field)) {
      const read = this.#scopes[scope].read(stored, field.name)
      // A span's attribute hides that of the resource even where its value did not pass.
      if (read !== undefined) return read.value
    }
    return undefined
  }

  /** All fields of the query that a span has, in whichever scope. */
  fields(stored: StoredValue): readonly ReadField[] {
    const intrinsics = [...this.#intrinsics.keys()].map((name) => ({ kind: 'intrinsic', name }) as const)
    return [
      ...intrinsics.map((field) => ({ field, value: this.#intrinsic(stored, field) })),
      ...Object.values(this.#scopes).flatMap((reading) => reading.fields(stored)),
    ].flatMap(({ field, value }) => (value === undefined ? [] : [{ field, value }]))
  }

  #intrinsic(stored: StoredValue, field: IntrinsicField): Value {
    const value = stored(field)
    return value === undefined ? undefined : this.#intrinsics.get(field.name)?.passed(value)
  }
}

/** What one part of a query asks of a field: to be there, or a value of one type that passes a test. */
interface FieldCondition {
  readonly field: Field
  readonly asks: 'presence' | { readonly type: Literal['type']; readonly test: Test }
}

function conditionsOf(query: Spanset | Expression): FieldCondition[] {
  switch (query.kind) {
    case 'filter':
      return conditionsOf(query.expression)
    case 'operation':
    case 'logical':
      return [...conditionsOf(query.left), ...conditionsOf(query.right)]
    case 'exists':
      return [{ field: query.operand, asks: 'presence' }]
    case 'comparison': {
      const { left, operator, right } = query
      return [{ field: left, asks: { type: right.type, test: testOf(operator, right) } }]
    }
    case 'constant':
      return []
  }
}

type Scope = 'span' | 'resource'

function scopesOf({ scope }: AttributeField): readonly Scope[] {
  return scope === 'any' ? ['span', 'resource'] : [scope]
}

/** Lets pass what any of its conditions asks for. */
class Filter {
  #passesAll = false
  readonly #tests: Test[] = []

  add({ asks }: FieldCondition): void {
    if (asks === 'presence') this.#passesAll = true
    else this.#tests.push(asks.test)
  }

  /** The value, or the elements of it, that pass; one element alone is no list any more. */
  passed(value: Scalar | readonly Scalar[]): Value {
    const passes = (item: Scalar): boolean => this.#passesAll || this.#tests.some((test) => test(item))
    if (!isList(value)) return passes(value) ? value : undefined
    const items = value.filter(passes)
    return items.length > 1 ? items : items[0]
  }
}

function filterIn<Key>(filters: Map<Key, Filter>, key: Key): Filter {
  const filter = filters.get(key) ?? new Filter()
  filters.set(key, filter)
  return filter
}

/**
 * Attributes whose texts Tempo keeps in columns of their own by default; values of other types are kept with all the
 * other attributes.
 */
const COLUMNS: Readonly<Record<Scope, ReadonlySet<string>>> = {
  resource: new Set([
    'service.name',
    'k8s.cluster.name',
    'k8s.namespace.name',
    'k8s.pod.name',
    'k8s.container.name',
  ]),
  span: new Set([
    'http.request.method',
    'url.path',
    'url.route',
    'server.address',
    'http.method',
    'http.url',
    'http.route',
  ]),
}

/** What an attribute's own column holds of a value. */
function inColumn(scope: Scope, name: string, value: Value): string | undefined {
  if (COLUMNS[scope].has(name) && typeof value === 'string') return value
  // The one column that is never empty.
  return scope === 'resource' && name === 'service.name' ? '' : undefined
}

/** The part of the reading that is about the attributes of one scope. */
class ScopeReading {
  readonly #scope: Scope
  readonly #names = new Set<string>()
  /** Of attributes with a column of their own. */
  readonly #columns = new Map<string, Filter>()
  /** Of all others together, by their type. */
  readonly #shared = {
    string: new Filter(),
    integer: new Filter(),
    double: new Filter(),
    boolean: new Filter(),
  }
  readonly #sharedNames = new Set<string>()

  constructor(scope: Scope) {
    this.#scope = scope
  }

  add(name: string, condition: FieldCondition): void {
    this.#names.add(name)
    const { asks } = condition
    if (COLUMNS[this.#scope].has(name) && (asks === 'presence' || asks.type === 'string')) {
      filterIn(this.#columns, name).add(condition)
      return
    }
    this.#sharedNames.add(name)
    for (const [kind, filter] of Object.entries(this.#shared)) {
      if (asks === 'presence' || asks.type === kind) filter.add(condition)
    }
  }

  /** What was read of an attribute: nothing, or a value, or that its value did not pass. */
  read(stored: StoredValue, name: string): { readonly value: Value } | undefined {
    const value = stored({ kind: 'attribute', scope: this.#scope, name })
    const own = inColumn(this.#scope, name, value)
    if (own !== undefined) {
      const passed = this.#columns.get(name)?.passed(own)
      return passed === undefined ? undefined : { value: passed }
    }
    if (value === undefined || !this.#sharedNames.has(name)) return undefined
    const sample = isList(value) ? value[0] : value
    return { value: sample === undefined ? undefined : this.#shared[typeOf(sample)].passed(value) }
  }

  fields(stored: StoredValue): { readonly field: Field; readonly value: Value }[] {
    return [...this.#names].map((name) => ({
      field: { kind: 'attribute', scope: this.#scope, name } as const,
      value: this.read(stored, name)?.value,
    }))
  }
}

function typeOf(value: Scalar): 'string' | 'integer' | 'double' | 'boolean' {
  if (typeof value === 'number') return 'integer'
  if (typeof value === 'boolean') return 'boolean'
  return typeof value === 'string' ? 'string' : 'double'
}
