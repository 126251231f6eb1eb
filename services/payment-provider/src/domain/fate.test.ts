import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type FateSettings, fateOf, SPECIAL_TOKENS } from './fate.ts'

const settings: FateSettings = { seed: '7', latencyMedianMs: 80, declineRatio: 0.1, failureRatio: 0.04 }
const references = Array.from({ length: 5_000 }, (_, index) => `order-${index}`)
const fates = references.map((reference) => fateOf(settings, reference, 'tok_visa'))
const share = (matches: (fate: (typeof fates)[number]) => boolean) =>
  fates.filter(matches).length / fates.length

describe('fateOf', () => {
  it('is the same for the same seed and reference, in whatever order they come', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(references, { maxLength: 50 }), (some) => {
        for (const reference of some) {
          expect(fateOf(settings, reference, 'tok_visa')).toEqual(fates[references.indexOf(reference)])
        }
      }),
    )
  })

  it('is another one for another seed', () => {
    const others = references.map((reference) => fateOf({ ...settings, seed: '8' }, reference, 'tok_visa'))
    expect(others).not.toEqual(fates)
  })

  it('declines and fails in the shares that are set', () => {
    expect(share(({ declineReason }) => declineReason !== null)).toBeCloseTo(0.1, 1)
    expect(share(({ failure }) => failure === 'refused')).toBeCloseTo(0.02, 2)
    expect(share(({ failure }) => failure === 'lost')).toBeCloseTo(0.02, 2)
  })

  it('takes the median time in half of the cases, with a long tail', () => {
    const latencies = fates.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b)
    const quantile = (q: number) => latencies[Math.floor(q * latencies.length)] ?? Number.NaN
    expect(quantile(0.5) / 80).toBeCloseTo(1, 1)
    expect(quantile(0.99) / 80).toBeGreaterThan(2.2)
    expect(quantile(0.99) / 80).toBeLessThan(2.9)
  })

  it('leaves a special token its own fate, whatever the ratios', () => {
    for (const [token, fate] of SPECIAL_TOKENS) {
      for (const reference of references.slice(0, 100)) {
        expect(fateOf(settings, reference, token)).toMatchObject(fate)
      }
    }
  })
})
