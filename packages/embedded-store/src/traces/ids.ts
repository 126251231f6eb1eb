const TRACE_ID_HEX = 32

/** Lower-case hexadecimal of an id. */
export function hex(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString('hex')
}

/** Trace id as the index keeps it: 16 characters of one byte each, a third of the memory of hexadecimal. */
export function traceKey(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString('latin1')
}

/** Lower-case hexadecimal of a trace key, 32 digits. */
export function traceKeyToHex(key: string): string {
  return Buffer.from(key, 'latin1').toString('hex')
}

/**
 * Key of a trace id given by a person: up to 32 hexadecimal digits, leading zeros may be missing as in Tempo's
 * answers. Undefined when it is no such thing.
 */
export function parseTraceId(text: string): string | undefined {
  if (!/^[0-9a-fA-F]{1,32}$/.test(text)) return undefined
  return Buffer.from(text.padStart(TRACE_ID_HEX, '0'), 'hex').toString('latin1')
}
