import { randomFillSync } from 'node:crypto'

const POOL_BYTES = 8_192
const pool = Buffer.allocUnsafe(POOL_BYTES)
let used = POOL_BYTES

/** Random bytes as hex; drawn from a pool because a call into the generator costs more. */
function randomHex(bytes: number): string {
  if (used + bytes > POOL_BYTES) {
    randomFillSync(pool)
    used = 0
  }
  used += bytes
  return pool.toString('hex', used - bytes, used)
}

const INVALID_TRACE_ID = '0'.repeat(32)
const INVALID_SPAN_ID = '0'.repeat(16)

export function newTraceId(): string {
  const id = randomHex(16)
  return id === INVALID_TRACE_ID ? newTraceId() : id
}

export function newSpanId(): string {
  const id = randomHex(8)
  return id === INVALID_SPAN_ID ? newSpanId() : id
}
