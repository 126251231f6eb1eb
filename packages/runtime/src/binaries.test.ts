import { type BinaryName, BinaryUnavailableError, type ResolvedBinary } from '@faultline/toolchain'
import { expect, test } from 'vitest'
import { BinaryQueue, describeBuild } from './binaries.ts'

interface Told {
  readonly events: string[]
  readonly queue: BinaryQueue
}

function queueOf(
  resolve: (name: BinaryName, signal: AbortSignal | undefined) => Promise<ResolvedBinary>,
): Told {
  const events: string[] = []
  const queue = new BinaryQueue(
    (name, options) => resolve(name, options.signal),
    (name) => [
      {
        building: (progress) => void events.push(`building ${name}: ${progress}`),
        built: () => void events.push(`resolved ${name}`),
        unavailable: (reason, lacking) => void events.push(`unavailable ${name}: ${reason} (${lacking})`),
      },
    ],
  )
  return { events, queue }
}

const binary = (name: BinaryName): ResolvedBinary => ({
  name,
  path: '/bin/true',
  version: '1.0.0',
  source: 'cache',
})

test('one at a time, in the order asked for, whatever each takes', async () => {
  const running: BinaryName[] = []
  const { events, queue } = queueOf(async (name) => {
    running.push(name)
    await new Promise((done) => setImmediate(done))
    expect(running.pop()).toBe(name)
    return binary(name)
  })
  for (const name of ['toxiproxy', 'prometheus', 'loki'] as const) queue.add(name)
  await expect.poll(() => events).toEqual(['resolved toxiproxy', 'resolved prometheus', 'resolved loki'])
})

test('a failure tells whether the machine or the kit is at fault, and the rest goes on', async () => {
  const { events, queue } = queueOf(async (name) => {
    if (name === 'loki') throw new Error('broken')
    if (name === 'k6') {
      throw new BinaryUnavailableError({
        binary: name,
        reason: 'no-go',
        problem: 'no Go',
        wayOut: 'install it',
      })
    }
    return binary(name)
  })
  for (const name of ['loki', 'k6', 'promtool'] as const) queue.add(name)
  await expect
    .poll(() => events)
    .toEqual([
      'unavailable loki: broken (undefined)',
      'unavailable k6: no Go\ninstall it (no-go)',
      'resolved promtool',
    ])
})

test('closing ends the running build and forgets the others, without a word', async () => {
  const { events, queue } = queueOf(
    (_name, signal) => new Promise((_, fail) => signal?.addEventListener('abort', () => fail(signal.reason))),
  )
  queue.add('prometheus')
  queue.add('loki')
  await queue.close()
  expect(events).toEqual([])
})

test('each phase of a build in one line', () => {
  const binary = 'loki'
  expect(describeBuild({ binary, phase: 'waiting' })).toBe('another build runs first')
  expect(describeBuild({ binary, phase: 'started', expectedSeconds: 270 })).toBe(
    'about 270 s on two idle cores',
  )
  expect(describeBuild({ binary, phase: 'downloading', modules: 12 })).toBe('12 modules downloaded')
  expect(
    describeBuild({
      binary,
      phase: 'compiling',
      elapsedSeconds: 33.4,
      expectedSeconds: 98,
      share: 0.341,
      compiledPackages: 123,
      totalPackages: 456,
    }),
  ).toBe('34 %, 123 of 456 packages, 33 s of about 98 s')
  expect(describeBuild({ binary, phase: 'done', elapsedSeconds: 90, path: '/x' })).toBe('built in 90 s')
})
