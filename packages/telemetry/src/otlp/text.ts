import type { PbfWriter } from 'pbf'

const SURROGATE = /[\ud800-\udfff]/

/**
 * Writes a string field. pbf 5.1 encodes characters beyond U+1FFFF wrongly (it sets bit 16 instead of adding
 * 0x10000), so text that has any of them is encoded by Node.
 */
export function writeText(pbf: PbfWriter, tag: number, text: string): void {
  if (SURROGATE.test(text)) pbf.writeBytesField(tag, Buffer.from(text))
  else pbf.writeStringField(tag, text)
}
