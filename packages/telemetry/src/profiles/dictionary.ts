import type { PbfWriter } from 'pbf'
import { writeHexField } from '../otlp/hex.ts'
import { writeText } from '../otlp/text.ts'

/** A table whose entry 0 stands for "none", as every table of the profiles dictionary. */
class Table<K> {
  readonly #indices = new Map<K, number>()
  readonly entries: K[] = []

  constructor(none: K) {
    this.indexOf(none)
  }

  indexOf(entry: K): number {
    const known = this.#indices.get(entry)
    if (known !== undefined) return known
    const index = this.entries.length
    this.#indices.set(entry, index)
    this.entries.push(entry)
    return index
  }
}

interface FunctionEntry {
  readonly name: number
  readonly file: number
}

interface LocationEntry {
  readonly functionIndex: number
  readonly line: number
}

interface LinkEntry {
  readonly traceId: string
  readonly spanId: string
}

interface AttributeEntry {
  readonly key: number
  readonly value: string
}

/**
 * `ProfilesDictionary`: what the profiles of one request share. Functions, locations and links come without
 * duplicates and are only counted; strings, stacks and attributes are told apart here.
 */
export class Dictionary {
  readonly #strings = new Table('')
  readonly #functions: FunctionEntry[] = [{ name: 0, file: 0 }]
  readonly #locations: LocationEntry[] = [{ functionIndex: 0, line: 0 }]
  readonly #stacks = new Table<readonly number[]>([])
  readonly #links: LinkEntry[] = [{ traceId: '', spanId: '' }]
  readonly #attributes: AttributeEntry[] = [{ key: 0, value: '' }]
  readonly #attributeIndices = new Map<string, number>()

  string(value: string): number {
    return this.#strings.indexOf(value)
  }

  addFunction(name: string, file: string): number {
    return this.#functions.push({ name: this.string(name), file: this.string(file) }) - 1
  }

  addLocation(functionIndex: number, line: number): number {
    return this.#locations.push({ functionIndex, line }) - 1
  }

  /** @param locations leaf first; the same array gives the same index */
  stack(locations: readonly number[]): number {
    return this.#stacks.indexOf(locations)
  }

  addLink(traceId: string, spanId: string): number {
    return this.#links.push({ traceId, spanId }) - 1
  }

  attribute(key: string, value: string): number {
    const identity = `${key}\0${value}`
    const known = this.#attributeIndices.get(identity)
    if (known !== undefined) return known
    const index = this.#attributes.push({ key: this.string(key), value }) - 1
    this.#attributeIndices.set(identity, index)
    return index
  }

  // Field numbers: opentelemetry/proto/profiles/v1development/profiles.proto, release 1.10
  write(pbf: PbfWriter): void {
    pbf.writeMessage(1, writeNothing, undefined)
    for (const location of this.#locations) pbf.writeMessage(2, writeLocation, location)
    for (const fn of this.#functions) pbf.writeMessage(3, writeFunction, fn)
    for (const link of this.#links) pbf.writeMessage(4, writeLink, link)
    for (const string of this.#strings.entries) writeText(pbf, 5, string)
    for (const attribute of this.#attributes) pbf.writeMessage(6, writeAttributeEntry, attribute)
    for (const stack of this.#stacks.entries) pbf.writeMessage(7, writeStack, stack)
  }
}

function writeNothing(): void {
  // Mapping 0, the only one: JavaScript has no binaries to map.
}

function writeLocation({ functionIndex, line }: LocationEntry, pbf: PbfWriter): void {
  if (functionIndex !== 0) pbf.writeMessage(3, writeLine, { functionIndex, line })
}

function writeLine({ functionIndex, line }: LocationEntry, pbf: PbfWriter): void {
  pbf.writeVarintField(1, functionIndex)
  if (line > 0) pbf.writeVarintField(2, line)
}

function writeFunction({ name, file }: FunctionEntry, pbf: PbfWriter): void {
  if (name !== 0) pbf.writeVarintField(1, name)
  if (name !== 0) pbf.writeVarintField(2, name)
  if (file !== 0) pbf.writeVarintField(3, file)
}

function writeLink({ traceId, spanId }: LinkEntry, pbf: PbfWriter): void {
  if (traceId === '') return
  writeHexField(pbf, 1, traceId)
  writeHexField(pbf, 2, spanId)
}

function writeAttributeEntry({ key, value }: AttributeEntry, pbf: PbfWriter): void {
  if (key === 0) return
  pbf.writeVarintField(1, key)
  pbf.writeMessage(2, writeStringValue, value)
}

function writeStringValue(value: string, pbf: PbfWriter): void {
  writeText(pbf, 1, value)
}

function writeStack(locations: readonly number[], pbf: PbfWriter): void {
  if (locations.length > 0) pbf.writePackedVarint(1, locations as number[])
}
