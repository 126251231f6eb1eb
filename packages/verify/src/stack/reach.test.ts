import { describe, expect, it } from 'vitest'
import { judgeReach, stations } from './reach.ts'

const loki = { name: 'loki', url: 'http://127.0.0.1:3100/ready', component: 'loki' } as const

describe('judgeReach', () => {
  it('passes where it answers', () => {
    expect(judgeReach(loki, undefined)).toMatchObject({
      id: 'reach/loki',
      hop: 'loki',
      status: 'pass',
    })
  })

  it('does not blame what only passes on for what stands behind it', () => {
    const edge = {
      name: 'edge',
      url: 'http://127.0.0.1:8080/',
      component: 'edge',
      behind: 'gateway',
    } as const
    const finding = judgeReach(edge, { kind: 'refused', message: 'status 502' })
    expect(finding).toMatchObject({ status: 'fail', explainedBy: ['reach/gateway'] })
  })

  it.each([
    ['unreachable', /does not run.*127\.0\.0\.1:3100/],
    ['timeout', /overloaded or stopped by a signal/],
    ['refused', /runs and is not ready/],
  ] as const)('says why when it is %s', (kind, cause) => {
    expect(judgeReach(loki, { kind, message: 'm' })).toMatchObject({
      status: 'fail',
      seen: 'm',
      likelyCause: expect.stringMatching(cause),
      nextStep: expect.stringContaining('faultline logs loki'),
    })
  })
})

describe('stations', () => {
  const url = 'http://127.0.0.1:1'
  const endpoints = {
    edge: url,
    edgeTls: url,
    gateway: url,
    prometheus: url,
    loki: url,
    tempo: url,
    pyroscope: url,
    collectorHealth: url,
  }
  const names = (all: ReturnType<typeof stations>) => all.map(({ name }) => name)

  it('have Grafana only where it runs', () => {
    expect(names(stations(endpoints))).not.toContain('grafana')
    const withGrafana = stations({ ...endpoints, grafana: 'http://127.0.0.1:3000' })
    expect(names(withGrafana)).toEqual([...names(stations(endpoints)), 'grafana'])
    expect(withGrafana.at(-1)?.url).toBe('http://127.0.0.1:3000/api/health')
  })
})
