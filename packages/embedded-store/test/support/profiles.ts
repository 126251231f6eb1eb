import { create } from '@bufbuild/protobuf'
import {
  type ExportProfilesServiceRequest,
  ExportProfilesServiceRequestSchema,
} from '../../src/generated/opentelemetry/proto/collector/profiles/v1development/profiles_service_pb.js'
import { KeyValueSchema } from '../../src/generated/opentelemetry/proto/common/v1/common_pb.js'

export interface PlainSample {
  /** Function names, leaf first. */
  readonly frames: readonly string[]
  readonly value: number
  readonly labels?: Readonly<Record<string, string>>
  /** 16 hexadecimal digits. */
  readonly spanId?: string
}

/** A profile as tests write it; CPU time if nothing else is said. */
export interface PlainProfile {
  readonly timeMs: number
  readonly samples: readonly PlainSample[]
  readonly sampleType?: readonly [type: string, unit: string]
  readonly periodType?: readonly [type: string, unit: string]
  readonly period?: number
  readonly resource?: Readonly<Record<string, string>>
}

/** Export request in the layout of 1.10, one resource for each profile, row 0 of each table empty. */
export function profilesRequest(profiles: readonly PlainProfile[]): ExportProfilesServiceRequest {
  const strings = new Map([['', 0]])
  const text = (value: string): number => {
    const index = strings.get(value) ?? strings.size
    strings.set(value, index)
    return index
  }
  const functionTable = [{}]
  const locationTable: object[] = [{}]
  const stackTable: object[] = [{}]
  const linkTable: object[] = [{}]
  const attributeTable: object[] = [{}]
  const resourceProfiles = profiles.map((profile) => ({
    resource: {
      attributes: Object.entries(profile.resource ?? {}).map(([key, value]) =>
        create(KeyValueSchema, { key, value: { value: { case: 'stringValue', value } } }),
      ),
    },
    scopeProfiles: [
      {
        profiles: [
          {
            sampleType: valueType(profile.sampleType ?? ['samples', 'count'], text),
            periodType: valueType(profile.periodType ?? ['cpu', 'nanoseconds'], text),
            period: BigInt(profile.period ?? 1),
            timeUnixNano: BigInt(profile.timeMs) * 1_000_000n,
            samples: profile.samples.map(({ frames, value, labels, spanId }) => ({
              stackIndex: stackTable.push({ locationIndices: frames.map(location) }) - 1,
              attributeIndices: Object.entries(labels ?? {}).map(attribute),
              linkIndex: spanId === undefined ? 0 : link(spanId),
              values: [BigInt(value)],
            })),
          },
        ],
      },
    ],
  }))
  function location(name: string): number {
    const functionIndex = functionTable.push({ nameStrindex: text(name) }) - 1
    return locationTable.push({ lines: [{ functionIndex, line: 1n }] }) - 1
  }
  function attribute([key, value]: [string, string]): number {
    const row = { keyStrindex: text(key), value: { value: { case: 'stringValue', value } } }
    return attributeTable.push(row) - 1
  }
  function link(spanId: string): number {
    // Without its trace, which Pyroscope 2.0 would make a label of, and 2.1 and the store do not.
    return linkTable.push({ spanId: Buffer.from(spanId, 'hex') }) - 1
  }
  const tables = { functionTable, locationTable, stackTable, linkTable, attributeTable }
  const dictionary = { ...tables, mappingTable: [{}], stringTable: [...strings.keys()] }
  return create(ExportProfilesServiceRequestSchema, { resourceProfiles, dictionary })
}

function valueType([type, unit]: readonly [string, string], text: (value: string) => number) {
  return { typeStrindex: text(type), unitStrindex: text(unit) }
}
