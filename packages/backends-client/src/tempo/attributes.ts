import * as z from 'zod'
import type { Attributes, AttributeValue } from './types.ts'

// OTLP's AnyValue in protobuf's JSON mapping:
// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/common/v1/common.proto

/** 64-bit integers come as text, small ones from some writers as numbers; infinities by name. */
const integer = z.union([z.number(), z.string().regex(/^-?\d+$/)]).transform(Number)
const double = z
  .union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])])
  .transform((value) => (typeof value === 'number' ? value : Number(value)))

export const anyValue: z.ZodType<AttributeValue> = z.lazy(() =>
  z
    .object({
      stringValue: z.string(),
      boolValue: z.boolean(),
      intValue: integer,
      doubleValue: double,
      bytesValue: z.string(),
      arrayValue: z.object({ values: z.array(anyValue).default([]) }),
      kvlistValue: z.object({ values: attributes }),
    })
    .partial()
    .nullable()
    .transform((value): AttributeValue => {
      if (value === null) return null
      if (value.arrayValue !== undefined) return value.arrayValue.values
      if (value.kvlistValue !== undefined) return value.kvlistValue.values
      return (
        value.stringValue ??
        value.boolValue ??
        value.intValue ??
        value.doubleValue ??
        value.bytesValue ??
        null
      )
    }),
)

/** A list of keys and values as a plain object; the last one wins where a key stands twice. */
export const attributes: z.ZodType<Attributes> = z
  .array(z.object({ key: z.string(), value: anyValue.optional() }))
  .default([])
  .transform((pairs) => Object.fromEntries(pairs.map(({ key, value }) => [key, value ?? null])))
