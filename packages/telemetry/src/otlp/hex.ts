import type { PbfWriter } from 'pbf'

const NIBBLES = new Uint8Array(128)
for (let digit = 0; digit < 16; digit += 1) {
  NIBBLES[digit.toString(16).charCodeAt(0)] = digit
  NIBBLES[digit.toString(16).toUpperCase().charCodeAt(0)] = digit
}

/** Writes an id of hex digits as a bytes field without a buffer of its own. */
export function writeHexField(pbf: PbfWriter, tag: number, hex: string): void {
  const bytes = hex.length >>> 1
  pbf.writeTag(tag, 2)
  pbf.writeVarint(bytes)
  pbf.realloc(bytes)
  const { buf } = pbf
  let { pos } = pbf
  for (let index = 0; index < hex.length; index += 2) {
    const high = NIBBLES[hex.charCodeAt(index) & 127] ?? 0
    const low = NIBBLES[hex.charCodeAt(index + 1) & 127] ?? 0
    buf[pos] = (high << 4) | low
    pos += 1
  }
  pbf.pos = pos
}
