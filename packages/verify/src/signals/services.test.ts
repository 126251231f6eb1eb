import { describe, expect, it } from 'vitest'
import { aTrace } from '../testing/factories.ts'
import { discoverServices, judgeReplicas } from './services.ts'

const labels = (service: string, instance: string) => ({
  service_name: service,
  service_instance_id: instance,
})

describe('discoverServices', () => {
  it('joins metrics, traces and scrape targets', () => {
    const services = discoverServices(
      [labels('gateway', 'gateway-1'), labels('catalog', 'catalog-1')],
      [{ labels: labels('catalog', 'catalog-2'), up: true }],
      [aTrace(['gateway', 'gateway-1'], ['ticketing', 'ticketing-1'])],
    )
    expect(services).toEqual([
      { name: 'catalog', instances: ['catalog-1', 'catalog-2'], ownServerSpans: 0 },
      { name: 'gateway', instances: ['gateway-1'], ownServerSpans: 1 },
      { name: 'ticketing', instances: ['ticketing-1'], ownServerSpans: 1 },
    ])
  })

  it('has a target that is down, but not one that is no service', () => {
    const targets = [
      { labels: labels('catalog', 'catalog-1'), up: false },
      { labels: labels('collector', 'collector-1'), up: true },
    ]
    expect(discoverServices([], targets, []).map(({ name }) => name)).toEqual(['catalog'])
  })
})

describe('judgeReplicas', () => {
  const services = [{ name: 'catalog', instances: ['catalog-1', 'catalog-2'], ownServerSpans: 0 }]
  const targets = [
    { labels: labels('catalog', 'catalog-1'), up: true },
    { labels: labels('catalog', 'catalog-2'), up: false },
    { labels: labels('collector', 'collector-1'), up: true },
  ]

  it('names the replica that is down', () => {
    expect(judgeReplicas(services, targets)).toMatchObject([
      { id: 'replica/catalog/catalog-1', status: 'pass' },
      { id: 'replica/catalog/catalog-2', hop: 'services', status: 'fail', seen: 'up is 0' },
    ])
  })
})
