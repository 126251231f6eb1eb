import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resolveBinary } from '@faultline/toolchain'
import { beforeAll, describe, expect, it } from 'vitest'
import { k6, scripts } from './k6.ts'
import { startStubShop } from './stub-shop.ts'

interface InspectedOptions {
  scenarios: Record<
    string,
    {
      executor: string
      rate?: number
      timeUnit?: string
      duration?: string
      startTime?: string
      stages?: { target: number }[]
    }
  >
  thresholds: Record<string, string[]>
  systemTags: string[]
}

async function inspect(
  script: (typeof scripts)[number],
  env?: Record<string, string>,
): Promise<InspectedOptions> {
  const { stdout, stderr, exitCode } = await k6(['inspect', '--include-system-env-vars'], script, env)
  expect(stderr).toBe('')
  expect(exitCode).toBe(0)
  return JSON.parse(stdout) as InspectedOptions
}

// Once a machine this builds k6, which takes longer than a test may.
beforeAll(() => resolveBinary('k6'))

const run = ['run', '--quiet']

describe.each(scripts)('%s', (script) => {
  it('loads, and can fail: requests and checks have thresholds', async () => {
    const { thresholds } = await inspect(script)
    expect(Object.keys(thresholds)).toEqual(expect.arrayContaining(['http_req_failed', 'checks']))
  })

  it('keeps ids and addresses out of the labels', async () => {
    const { systemTags } = await inspect(script)
    expect(systemTags).not.toEqual(expect.arrayContaining(['url']))
    expect(systemTags).not.toEqual(expect.arrayContaining(['ip']))
    expect(systemTags).toContain('name')
  })

  it('passes against a healthy shop, and every request carries the name of a route', async () => {
    await using shop = await startStubShop()
    const folder = await mkdtemp(join(tmpdir(), 'faultline-k6-'))
    try {
      const samples = join(folder, 'samples.json')
      const { exitCode, stdout } = await k6([...run, '--out', `json=${samples}`], script, {
        GATEWAY_URL: shop.url,
        DURATION: '3s',
        RATE: '20',
      })
      expect(stdout).toMatch(/all \d+ thresholds held/)
      expect(exitCode).toBe(0)

      const names = new Set<string>()
      for (const line of (await readFile(samples, 'utf8')).trim().split('\n')) {
        const { type, metric, data } = JSON.parse(line) as {
          type: string
          metric: string
          data: { tags?: Record<string, string> }
        }
        if (type !== 'Point') continue
        expect(JSON.stringify(data.tags ?? {})).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}|127\.0\.0\.1/)
        if (metric === 'http_reqs') names.add(data.tags?.name ?? '')
      }
      expect([...names].every((name) => /^(GET|POST|DELETE) \/[\w{}/.-]+$/.test(name))).toBe(true)
      expect(names.size).toBeGreaterThanOrEqual(6)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('exits 99 when the shop answers errors', async () => {
    // The list still answers, and the sign-in, so that the script gets going.
    await using shop = await startStubShop(({ path }) =>
      path === '/v1/concerts' || path === '/v1/sessions' ? undefined : { status: 503 },
    )
    const { exitCode, stdout } = await k6(run, script, { GATEWAY_URL: shop.url, DURATION: '2s', RATE: '10' })
    expect(stdout).toMatch(/✗ http_req_failed/)
    expect(exitCode).toBe(99)
  })

  it('does not pass when there is nothing to visit', async () => {
    await using shop = await startStubShop(() => ({ status: 200, body: { items: [], nextCursor: null } }))
    const { exitCode } = await k6(run, script, { GATEWAY_URL: shop.url, DURATION: '1s', RATE: '5' })
    expect(exitCode).not.toBe(0)
  })
})

describe('smoke', () => {
  it('exits 99 when a refusal is no problem document', async () => {
    await using shop = await startStubShop(({ query }) =>
      query.get('cursor') === 'no-cursor' ? { status: 400, body: { message: 'bad cursor' } } : undefined,
    )
    const { exitCode, stdout } = await k6(run, 'smoke', { GATEWAY_URL: shop.url })
    expect(stdout).toMatch(/✗ checks/)
    expect(exitCode).toBe(99)
  })
})

describe('steady', () => {
  it('waits for a shop that is still starting', async () => {
    let refused = 0
    await using shop = await startStubShop(() => (refused++ < 2 ? { status: 503 } : undefined))
    const { stdout, stderr } = await k6(run, 'steady', { GATEWAY_URL: shop.url, DURATION: '2s', RATE: '10' })
    expect(stderr).not.toContain('listed no concerts')
    expect(stdout).toMatch(/iterations {2}2\d,/)
  })

  it('is an open model that offers RATE iterations a second for DURATION', async () => {
    const { scenarios } = await inspect('steady', { RATE: '7', DURATION: '90s' })
    const all = Object.values(scenarios)
    expect(all.map(({ executor }) => executor)).toEqual(all.map(() => 'constant-arrival-rate'))
    expect(all.map(({ duration }) => duration)).toEqual(all.map(() => '1m30s'))
    expect(all.every(({ timeUnit }) => timeUnit === '10s')).toBe(true)
    const perSecond = all.reduce((sum, { rate = 0 }) => sum + rate, 0) / 10
    expect(perSecond).toBeCloseTo(7, 1)
  })

  it('refuses a rate that is not a number above zero', async () => {
    const { exitCode, stderr } = await k6(['inspect', '--include-system-env-vars'], 'steady', {
      RATE: 'fast',
    })
    expect(stderr).toContain('RATE must be a number above 0, got \\"fast\\"')
    expect(exitCode).not.toBe(0)
  })

  it('exits 99 when the shop is too slow to take the load that was to be offered', async () => {
    await using shop = await startStubShop(undefined, { delayMilliseconds: 900 })
    const { exitCode, stdout } = await k6(run, 'steady', {
      GATEWAY_URL: shop.url,
      DURATION: '6s',
      RATE: '40',
      BUYER_SHARE: '0',
    })
    expect(stdout).toMatch(/✗ http_req_duration/)
    expect(exitCode).toBe(99)
  })

  it('asks for the same pages whenever the seed is the same', async () => {
    const visited = async (seed: string): Promise<string[]> => {
      await using shop = await startStubShop()
      // Ends between two arrivals; still, a busy machine may start one iteration less.
      await k6(run, 'steady', {
        GATEWAY_URL: shop.url,
        DURATION: '1900ms',
        RATE: '10',
        SEED: seed,
        BUYER_SHARE: '0',
      })
      return shop.seen.map(({ path }) => path).filter((path) => /^\/v1\/\w+\/[0-9a-f]{8}-/.test(path))
    }
    const common = (a: readonly string[], b: readonly string[]): number => {
      const rest = [...b]
      const found = a.filter((path) => {
        const index = rest.indexOf(path)
        if (index >= 0) rest.splice(index, 1)
        return index >= 0
      })
      return found.length / Math.max(a.length, b.length)
    }
    const first = await visited('4')
    expect(first.length).toBeGreaterThan(10)
    expect(common(first, await visited('4'))).toBeGreaterThan(0.8)
    expect(common(first, await visited('5'))).toBeLessThan(0.8)
  })

  it('writes the summary to the file that it is given, without the data of the setup', async () => {
    await using shop = await startStubShop()
    const folder = await mkdtemp(join(tmpdir(), 'faultline-k6-'))
    try {
      const path = join(folder, 'summary.json')
      await k6(run, 'steady', { GATEWAY_URL: shop.url, DURATION: '2s', RATE: '10', SUMMARY_PATH: path })
      const summary = JSON.parse(await readFile(path, 'utf8')) as { metrics: Record<string, unknown> }
      expect(summary).not.toHaveProperty('setup_data')
      expect(summary.metrics).toHaveProperty('http_reqs')
      expect(summary.metrics).toHaveProperty(['http_req_duration{name:GET /v1/concerts/{concertId}}'])
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('spike', () => {
  it('refuses a duration that it cannot divide into phases', async () => {
    for (const duration of ['soon', '90', '0s', '']) {
      const { exitCode, stderr } = await k6(['inspect', '--include-system-env-vars'], 'spike', {
        DURATION: duration,
      })
      if (duration === '') expect(exitCode).toBe(0)
      else expect(stderr).toContain(`DURATION must be like 90s, 10m or 1h30m, got \\"${duration}\\"`)
    }
  })

  it('goes up by its factor and comes down again, in four phases that follow each other', async () => {
    const { scenarios } = await inspect('spike', { RATE: '10', SPIKE_FACTOR: '5', DURATION: '4m' })
    const { before, spike, recovery, after } = scenarios
    expect([before, spike, recovery, after].map((scenario) => scenario?.startTime)).toEqual([
      '0s',
      '1m0s',
      '2m0s',
      '3m0s',
    ])
    expect(spike?.stages?.map(({ target }) => target)).toEqual([500, 500])
    expect([before?.rate, recovery?.rate, after?.rate]).toEqual([100, 100, 100])
  })

  it('passes when the shop turned visitors away during the spike only, and fails when it stays ill', async () => {
    const run = async (illUntilSeconds: number): Promise<number | undefined> => {
      let first: number | undefined
      await using shop = await startStubShop(({ path }) => {
        if (path === '/v1/concerts' || path === '/v1/sessions') return undefined
        first ??= Date.now()
        const second = (Date.now() - first) / 1_000
        // Every third request, so that a shop that stays ill breaks nothing but the threshold on what comes after.
        return second > 3.5 && second < illUntilSeconds && Math.random() < 0.34 ? { status: 503 } : undefined
      })
      const settings = { GATEWAY_URL: shop.url, DURATION: '12s', RATE: '10', SPIKE_FACTOR: '3' }
      return (await k6(['run', '--quiet'], 'spike', { ...settings, BUYER_SHARE: '0' })).exitCode
    }
    expect(await run(6)).toBe(0)
    expect(await run(60)).toBe(99)
  })
})

describe('breakpoint', () => {
  it('ends as soon as the shop breaks, and says how far it got', async () => {
    let second = 0
    let inSecond = 0
    await using shop = await startStubShop(({ path }) => {
      const now = Math.floor(Date.now() / 1_000)
      inSecond = now === second ? inSecond + 1 : 1
      second = now
      return path !== '/v1/concerts' && inSecond > 60 ? { status: 503 } : undefined
    })
    const { exitCode, stdout } = await k6(run, 'breakpoint', {
      GATEWAY_URL: shop.url,
      DURATION: '40s',
      RATE: '5',
      MAX_RATE: '100',
      BUYER_SHARE: '0',
    })
    expect(exitCode).toBe(99)
    const reached = Number(/had reached (\d+) of 100/.exec(stdout)?.[1])
    expect(reached).toBeGreaterThan(15)
    expect(reached).toBeLessThan(90)
  })
})
