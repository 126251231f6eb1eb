import type { PbfWriter } from 'pbf'
import { writeHexField, writeStringValue, writeText } from '../otlp/wire.ts'

/** Entries without duplicates, identified by a key; entry 0 stands for "none", as the protocol has it. */
class Table<E> {
  readonly entries: E[]
  readonly #indices = new Map<string, number>()

  constructor(none: E) {
    this.entries = [none]
  }

  index(key: string, create: () => E): number {
    const known = this.#indices.get(key)
    if (known !== undefined) return known
    const index = this.entries.push(create()) - 1
    this.#indices.set(key, index)
    return index
  }
}

type FunctionEntry = { readonly name: number; readonly file: number }
type LocationEntry = { readonly functionIndex: number; readonly line: number }
type LinkEntry = { readonly traceId: string; readonly spanId: string }
type AttributeEntry = { readonly key: number; readonly value: string }

/** `ProfilesDictionary`: what the profiles of one request share. */
export class Dictionary {
  readonly #strings = new Table('')
  readonly #functions = new Table<FunctionEntry>({ name: 0, file: 0 })
  readonly #locations = new Table<LocationEntry>({ functionIndex: 0, line: 0 })
  readonly #stacks: (readonly number[])[] = [[]]
  readonly #links = new Table<LinkEntry>({ traceId: '', spanId: '' })
  readonly #attributes = new Table<AttributeEntry>({ key: 0, value: '' })

  string(value: string): number {
    return value === '' ? 0 : this.#strings.index(value, () => value)
  }

  location(name: string, file: string, line: number): number {
    const key = `${name}\0${file}\0${line}`
    return this.#locations.index(key, () => ({
      functionIndex: this.#functions.index(key, () => ({ name: this.string(name), file: this.string(file) })),
      line,
    }))
  }

  /** Adds a stack. Stacks of one tree differ, so they are not compared. @param locations leaf first */
  stack(locations: readonly number[]): number {
    return this.#stacks.push(locations) - 1
  }

  link(traceId: string, spanId: string): number {
    return this.#links.index(spanId, () => ({ traceId, spanId }))
  }

  attribute(key: string, value: string): number {
    return this.#attributes.index(`${key}\0${value}`, () => ({ key: this.string(key), value }))
  }

  // Field numbers: opentelemetry/proto/profiles/v1development/profiles.proto, release 1.10
  write(pbf: PbfWriter): void {
    pbf.writeMessage(1, writeNothing, undefined)
    for (const location of this.#locations.entries) pbf.writeMessage(2, writeLocation, location)
    for (const fn of this.#functions.entries) pbf.writeMessage(3, writeFunction, fn)
    for (const link of this.#links.entries) pbf.writeMessage(4, writeLink, link)
    for (const string of this.#strings.entries) writeText(pbf, 5, string)
    for (const attribute of this.#attributes.entries) pbf.writeMessage(6, writeAttributeEntry, attribute)
    for (const stack of this.#stacks) pbf.writeMessage(7, writeStack, stack)
  }
}

function writeNothing(): void {
  // Mapping 0, the only one: JavaScript has no binaries to map.
}

function writeLocation(location: LocationEntry, pbf: PbfWriter): void {
  if (location.functionIndex !== 0) pbf.writeMessage(3, writeLine, location)
}

function writeLine({ functionIndex, line }: LocationEntry, pbf: PbfWriter): void {
  pbf.writeVarintField(1, functionIndex)
  if (line > 0) pbf.writeVarintField(2, line)
}

function writeFunction({ name, file }: FunctionEntry, pbf: PbfWriter): void {
  if (name === 0) return
  pbf.writeVarintField(1, name)
  pbf.writeVarintField(2, name)
  if (file !== 0) pbf.writeVarintField(3, file)
}

function writeLink({ traceId, spanId }: LinkEntry, pbf: PbfWriter): void {
  if (spanId === '') return
  writeHexField(pbf, 1, traceId)
  writeHexField(pbf, 2, spanId)
}

function writeAttributeEntry({ key, value }: AttributeEntry, pbf: PbfWriter): void {
  if (key === 0) return
  pbf.writeVarintField(1, key)
  pbf.writeMessage(2, writeStringValue, value)
}

function writeStack(locations: readonly number[], pbf: PbfWriter): void {
  if (locations.length > 0) pbf.writePackedVarint(1, locations as number[])
}
