import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AlertHistory, type PostedAlert } from './history.ts'

const MINUTE = 60_000

function firing(alertname: string, startsAt: number, nowMs: number): PostedAlert {
  return { labels: { alertname }, annotations: {}, startsAt, endsAt: nowMs + 4 * MINUTE, generatorURL: '' }
}

function resolved(alertname: string, startsAt: number, endsAt: number): PostedAlert {
  return { labels: { alertname }, annotations: {}, startsAt, endsAt, generatorURL: '' }
}

describe('AlertHistory', () => {
  test('an alert fired when its first delivery arrived and resolved when the news of its end did', () => {
    const history = new AlertHistory()
    history.receive([firing('Slow', 900, 1000)], 1000)
    history.receive([firing('Slow', 900, 60_000)], 60_000)
    history.receive([resolved('Slow', 900, 89_000)], 90_000)
    expect(history.all()).toMatchObject([
      { startsAtMs: 900, firedAtMs: 1000, resolvedAtMs: 90_000, resolution: 'reported' },
    ])
  })

  test('a resolved alert that is repeated stays as it was, and one that nobody was paged for is left out', () => {
    const history = new AlertHistory()
    history.receive([firing('Slow', 900, 1000)], 1000)
    history.receive([resolved('Slow', 900, 1900)], 2000)
    const again = history.receive([resolved('Slow', 900, 1900), resolved('Other', 1, 2)], 3000)
    expect(again).toEqual([])
    expect(history.all()).toMatchObject([{ resolvedAtMs: 2000 }])
  })

  test('the same alert firing again is a new incident', () => {
    const history = new AlertHistory()
    history.receive([firing('Slow', 900, 1000)], 1000)
    history.receive([resolved('Slow', 900, 1900)], 2000)
    history.receive([firing('Slow', 5000, 5100)], 5100)
    expect(history.all().map(({ firedAtMs }) => firedAtMs)).toEqual([1000, 5100])
    expect(history.firing()).toHaveLength(1)
  })

  test('a delivery that was overtaken by the one that ended its alert does not open it again', () => {
    const history = new AlertHistory()
    history.receive([firing('Slow', 900, 1000)], 1000)
    history.receive([resolved('Slow', 900, 1900)], 2000)
    history.receive([firing('Slow', 900, 1000)], 2100)
    expect(history.firing()).toEqual([])
  })

  test('an alert that is not repeated ends when it expires, and one that is repeated does not', () => {
    const history = new AlertHistory()
    history.receive([firing('Slow', 0, 0), firing('Other', 0, 0)], 0)
    history.receive([firing('Other', 0, 3 * MINUTE)], 3 * MINUTE)
    const expired = history.expire(5 * MINUTE)
    expect(expired).toMatchObject([
      { labels: { alertname: 'Slow' }, resolvedAtMs: 4 * MINUTE, resolution: 'expired' },
    ])
    expect(history.firing()).toMatchObject([{ labels: { alertname: 'Other' } }])
  })

  test('labels in another order are the same alert', () => {
    const history = new AlertHistory()
    const base = firing('Slow', 0, 0)
    history.receive([{ ...base, labels: { alertname: 'Slow', service: 'catalog' } }], 0)
    history.receive([{ ...base, labels: { service: 'catalog', alertname: 'Slow' } }], 1)
    expect(history.all()).toHaveLength(1)
  })

  test('beyond its bound the history forgets what ended longest ago, not what fires', () => {
    const history = new AlertHistory({ maxIncidents: 3 })
    history.receive([firing('Open', 0, 0)], 0)
    for (let i = 1; i <= 5; i++) {
      history.receive([firing(`A${i}`, i, i)], i)
      history.receive([resolved(`A${i}`, i, i)], i)
    }
    expect(history.all().map(({ labels }) => labels.alertname)).toEqual(['Open', 'A4', 'A5'])
  })

  test('whatever comes in whatever order, an alert fires at most once at a time and ends after it began', () => {
    const event = fc.record({
      name: fc.constantFrom('A', 'B'),
      kind: fc.constantFrom('firing', 'resolved', 'expire'),
      startsAt: fc.integer({ min: 0, max: 20 }),
      pause: fc.integer({ min: 0, max: 3 * MINUTE }),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const history = new AlertHistory()
        let now = 20
        for (const { name, kind, startsAt, pause } of events) {
          now += pause
          if (kind === 'expire') history.expire(now)
          else if (kind === 'firing') history.receive([firing(name, startsAt, now)], now)
          else history.receive([resolved(name, startsAt, now - 1)], now)
          const open = history.firing().map(({ fingerprint }) => fingerprint)
          expect(new Set(open).size).toBe(open.length)
        }
        for (const { firedAtMs, resolvedAtMs = Number.POSITIVE_INFINITY } of history.all()) {
          expect(resolvedAtMs).toBeGreaterThanOrEqual(firedAtMs)
        }
      }),
    )
  })
})
