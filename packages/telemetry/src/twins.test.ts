import { getNodeAutoInstrumentations } from '@opentelemetry/auto-instrumentations-node'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { tracesUndici, warnOfTwins } from './twins.ts'

describe('instrumentations that do what is done here', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  const off = { enabled: false }

  it('are seen unless they are off', () => {
    expect(tracesUndici(getNodeAutoInstrumentations())).toBe(true)
    const without = getNodeAutoInstrumentations({ '@opentelemetry/instrumentation-undici': off })
    expect(tracesUndici(without)).toBe(false)
    expect(tracesUndici([])).toBe(false)
  })

  it('are warned of where lines would come twice', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    warnOfTwins(getNodeAutoInstrumentations({ '@opentelemetry/instrumentation-pino': off }))
    expect(warn).not.toHaveBeenCalled()
    warnOfTwins(getNodeAutoInstrumentations())
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('a second time'))
  })
})
