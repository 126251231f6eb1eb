import fc from 'fast-check'
import { expect, it } from 'vitest'
import { pathAt } from './pass-through.ts'

it('a value stays one segment of the path at the service, whatever it holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.webSegment(), (orderId, seat) => {
      const path = pathAt('/orders/{orderId}/seats/{seat}', { orderId, seat })
      expect(path).toMatch(/^[!-~]+$/)
      expect(path).not.toMatch(/[?#]/)
      expect(path.split('/').map(decodeURIComponent)).toEqual(['', 'orders', orderId, 'seats', seat])
    }),
  )
  // Making graphemes takes a busy machine more than the usual 5 s.
}, 30_000)
