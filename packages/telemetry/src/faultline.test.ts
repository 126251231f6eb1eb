import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { samplerFromEnvironment } from './faultline.ts'

describe('OTEL_TRACES_SAMPLER', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  const decide = (env: Record<string, string>, traceId: string) =>
    samplerFromEnvironment(env)?.shouldSample(ROOT_CONTEXT, traceId, 'span', SpanKind.SERVER, {}, []).decision

  it.each([
    ['always_on', undefined, 2],
    ['always_off', undefined, 0],
    ['parentbased_always_on', undefined, 2],
    ['parentbased_always_off', undefined, 0],
    ['traceidratio', '0', 0],
    ['parentbased_traceidratio', '1', 2],
  ])('%s with %s decides %i', (name, ratio, decision) => {
    const env = { OTEL_TRACES_SAMPLER: name, ...(ratio && { OTEL_TRACES_SAMPLER_ARG: ratio }) }
    expect(decide(env, '4bf92f3577b34da6a3ce929d0e0e4736')).toBe(decision)
  })

  it('reports a name that it does not know', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    expect(samplerFromEnvironment({ OTEL_TRACES_SAMPLER: 'constructor' })).toBeUndefined()
    expect(samplerFromEnvironment({})).toBeUndefined()
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('is not one of always_on'))
  })
})
