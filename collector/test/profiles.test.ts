import { type AnyValue, anyValue, attributes, send } from '@faultline/test-support/otlp'
import { expect, test } from 'vitest'
import { Collector } from './support/collector.ts'
import { Sink } from './support/sink.ts'

// https://github.com/open-telemetry/opentelemetry-proto/blob/v1.10.0/opentelemetry/proto/profiles/v1development/profiles.proto
interface ProfilesRequest {
  readonly resourceProfiles: readonly {
    readonly resource: { readonly attributes: readonly { readonly key: string; readonly value: AnyValue }[] }
    readonly scopeProfiles: readonly { readonly profiles: readonly Profile[] }[]
  }[]
  readonly dictionary: {
    readonly stringTable: readonly string[]
    readonly attributeTable: readonly { readonly keyStrindex?: number; readonly value?: AnyValue }[]
    readonly linkTable: readonly { readonly traceId?: string; readonly spanId?: string }[]
    readonly functionTable: readonly { readonly nameStrindex?: number }[]
    readonly locationTable: readonly {
      readonly lines?: readonly { readonly functionIndex?: number; readonly line?: string }[]
    }[]
    readonly stackTable: readonly { readonly locationIndices?: readonly number[] }[]
    readonly mappingTable: readonly object[]
  }
}

interface Profile {
  readonly sampleType: { readonly typeStrindex?: number; readonly unitStrindex?: number }
  readonly periodType: { readonly typeStrindex?: number; readonly unitStrindex?: number }
  readonly period: string
  readonly timeUnixNano: string
  readonly durationNano: string
  readonly samples: readonly {
    readonly stackIndex?: number
    readonly linkIndex?: number
    readonly attributeIndices?: readonly number[]
    readonly values?: readonly string[]
  }[]
}

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const SPAN_ID = 'b7ad6b7169203331'

const sent: ProfilesRequest = {
  resourceProfiles: [
    {
      resource: { attributes: attributes({ 'service.name': 'catalog' }) },
      scopeProfiles: [
        {
          profiles: [
            {
              sampleType: { typeStrindex: 1, unitStrindex: 2 },
              periodType: { typeStrindex: 3, unitStrindex: 4 },
              period: '1',
              timeUnixNano: String(BigInt(Date.now()) * 1_000_000n),
              durationNano: '10000000000',
              samples: [{ stackIndex: 1, linkIndex: 1, attributeIndices: [1, 2], values: ['137000000'] }],
            },
          ],
        },
      ],
    },
  ],
  dictionary: {
    // Entry 0 of every table is the empty one.
    stringTable: ['', 'samples', 'count', 'cpu', 'nanoseconds', 'service.name', 'http.route', 'parseJson'],
    attributeTable: [
      {},
      { keyStrindex: 5, value: anyValue('catalog') },
      { keyStrindex: 6, value: anyValue('/concerts/{concertId}') },
    ],
    linkTable: [{}, { traceId: TRACE_ID, spanId: SPAN_ID }],
    functionTable: [{}, { nameStrindex: 7 }],
    locationTable: [{}, { lines: [{ functionIndex: 1, line: '42' }] }],
    stackTable: [{}, { locationIndices: [1] }],
    mappingTable: [{}],
  },
}

/** What a sample says, with everything looked up in the dictionary. */
function samples({ dictionary, resourceProfiles }: ProfilesRequest): unknown {
  const text = (index = 0): string | undefined => dictionary.stringTable[index]
  return resourceProfiles
    .flatMap(({ scopeProfiles }) => scopeProfiles.flatMap(({ profiles }) => profiles))
    .flatMap((profile) =>
      profile.samples.map((sample) => ({
        type: `${text(profile.sampleType.typeStrindex)}/${text(profile.sampleType.unitStrindex)}`,
        period: `${profile.period} ${text(profile.periodType.typeStrindex)}/${text(profile.periodType.unitStrindex)}`,
        values: sample.values,
        link: dictionary.linkTable[sample.linkIndex ?? 0],
        labels: Object.fromEntries(
          (sample.attributeIndices ?? []).map((index) => {
            const attribute = dictionary.attributeTable[index]
            return [text(attribute?.keyStrindex), attribute?.value?.stringValue]
          }),
        ),
        stack: (dictionary.stackTable[sample.stackIndex ?? 0]?.locationIndices ?? []).map((location) =>
          (dictionary.locationTable[location]?.lines ?? []).map(({ functionIndex, line }) => ({
            function: text(dictionary.functionTable[functionIndex ?? 0]?.nameStrindex),
            line,
          })),
        ),
      })),
    )
}

// Of the resource nothing is expected: the collector turns its attributes into references to the dictionary,
// which Pyroscope 2.0 does not read. That is why the services put their name on each sample.
test('a profile passes with its labels, its stacks and its link to the span', async () => {
  await using sink = await Sink.start()
  await using collector = await Collector.start({ sink: sink.url })
  await send(collector.otlp, '/v1development/profiles', sent)
  await expect.poll(() => sink.profiles().length, { timeout: 10_000 }).toBe(1)
  const arrived = sink.profiles()[0] as ProfilesRequest
  expect(samples(arrived)).toEqual(samples(sent))
  expect(samples(arrived)).toEqual([
    {
      type: 'samples/count',
      period: '1 cpu/nanoseconds',
      values: ['137000000'],
      link: { traceId: TRACE_ID, spanId: SPAN_ID },
      labels: { 'service.name': 'catalog', 'http.route': '/concerts/{concertId}' },
      stack: [[{ function: 'parseJson', line: '42' }]],
    },
  ])
})
