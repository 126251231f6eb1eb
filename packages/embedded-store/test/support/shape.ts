/** What a recorded answer looks like: JSON in which some texts stand for a kind of value, see `fits`. */
export type Shape = unknown

/**
 * Where a value differs from its recorded shape, empty when it fits. `<string>`, `<int64>` (digits in a string),
 * `<base64:N>` (N bytes), `<object>` and `<array>` stand for any such value; a key that ends in `?` may be missing; other
 * texts, numbers and truths stand for themselves. Keys that the shape does not name are differences.
 */
export function differences(value: unknown, shape: Shape, path = '$'): string[] {
  if (typeof shape === 'string' && /^<.+>$/.test(shape)) {
    return isOfKind(value, shape) ? [] : [`${path} is no ${shape}: ${JSON.stringify(value)}`]
  }
  if (Array.isArray(shape)) {
    if (!Array.isArray(value) || value.length !== shape.length) {
      return [`${path} has not ${shape.length} items: ${JSON.stringify(value)}`]
    }
    return shape.flatMap((item, index) => differences(value[index], item, `${path}[${index}]`))
  }
  if (isRecord(shape)) {
    if (!isRecord(value)) return [`${path} is no object: ${JSON.stringify(value)}`]
    return objectDifferences(value, shape, path)
  }
  return value === shape ? [] : [`${path} is not ${JSON.stringify(shape)}: ${JSON.stringify(value)}`]
}

function objectDifferences(
  value: Record<string, unknown>,
  shape: Record<string, unknown>,
  path: string,
): string[] {
  const named = Object.entries(shape).map(([key, item]) => ({
    key: key.replace(/\?$/, ''),
    isOptional: key.endsWith('?'),
    item,
  }))
  const unknown = Object.keys(value).filter((key) => !named.some((entry) => entry.key === key))
  return [
    ...unknown.map((key) => `${path}.${key} is not in the shape`),
    ...named.flatMap(({ key, isOptional, item }) => {
      if (key in value) return differences(value[key], item, `${path}.${key}`)
      return isOptional ? [] : [`${path}.${key} is missing`]
    }),
  ]
}

function isOfKind(value: unknown, kind: string): boolean {
  if (kind === '<object>') return isRecord(value)
  if (kind === '<array>') return Array.isArray(value)
  if (typeof value !== 'string') return false
  if (kind === '<int64>') return /^-?\d+$/.test(value)
  const bytes = /^<base64:(\d+)>$/.exec(kind)?.[1]
  return bytes === undefined || Buffer.from(value, 'base64').length === Number(bytes)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
