import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { objectives } from './objectives.ts'

interface OpenSlo {
  spec: {
    indicator: { spec: { ratioMetric: { good: { metricSource: { spec: { query: string } } } } } }
    objectives: { target: number }[]
  }
}

const slo = (name: string): OpenSlo['spec'] => {
  const path = new URL(`../../slo/objectives/${name}.yaml`, import.meta.url)
  return (parse(readFileSync(path, 'utf8')) as OpenSlo).spec
}

describe('lines on panels', () => {
  it('stand where the availability objective is', () => {
    const [objective] = slo('catalog-availability').objectives
    expect(objectives.errorBudget).toBeCloseTo(1 - (objective?.target ?? 0))
  })

  it('stand where the ticket objective is', () => {
    const { query } = slo('ticket-in-time').indicator.spec.ratioMetric.good.metricSource.spec
    expect(query).toContain(`le="${objectives.ticketSeconds}"`)
  })

  it('stand where the latency objective is', () => {
    const { query } = slo('catalog-latency').indicator.spec.ratioMetric.good.metricSource.spec
    expect(query).toContain(`le="${objectives.latencySeconds}"`)
  })
})
