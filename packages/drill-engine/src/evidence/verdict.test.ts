import { expect, test } from 'vitest'
import { evidenceStatus } from './verdict.ts'

const yes = { value: 1, met: true }
const no = { value: 0, met: false }

test.each([
  ['met', no, yes, no],
  ['met', no, yes, undefined],
  ['evidence-missing', no, no, no],
  ['evidence-missing', yes, no, yes],
  ['evidence-before-fault', yes, yes, no],
  ['evidence-before-fault', yes, yes, yes],
  ['evidence-remains', no, yes, yes],
] as const)(
  'evidence is %s by what it was before, during and after the fault (%#)',
  (status, baseline, fault, recovered) => {
    expect(evidenceStatus({ baseline, fault, recovered })).toBe(status)
  },
)
