/** What `npm run compose:check` makes of what clients, engines and registries say. */
import { describe, expect, test } from 'vitest'
import {
  imageMadeHere,
  imageSchema,
  type OfficialImage,
  officialImage,
  officialImages,
} from '../airgapped/src/images.ts'
import {
  absence,
  type Checked,
  differences,
  type ImageConfig,
  parseInspect,
  refusal,
  verdict,
} from '../compose/compare.ts'

const named = (names: readonly string[]) =>
  names.length === 0 ? null : Object.fromEntries(names.map((name) => [name, {}]))

/** What an engine says of an image that is as expected. */
const asExpected = (image: OfficialImage): ImageConfig => ({
  User: image.userLine ?? image.user,
  Entrypoint: image.entrypoint.length === 0 ? null : image.entrypoint,
  Volumes: named(image.volumes),
  ExposedPorts: named(image.ports),
  Env: ['PATH=/usr/bin:/bin', ...Object.entries(image.environment ?? {}).map((pair) => pair.join('='))],
  ...(image.stopSignal !== undefined && { StopSignal: image.stopSignal }),
})

describe('differences', () => {
  test.each(Object.entries(officialImages()))(
    'none when %s is as deploy/images.json says',
    (_name, image) => {
      expect(differences(image, asExpected(image))).toEqual([])
    },
  )

  const postgres = officialImage('postgres')
  test.each<[change: Partial<ImageConfig>, of: string, expected: string, found: string]>([
    [{ User: '999:999' }, 'user', '', '999:999'],
    [{ Entrypoint: ['postgres'] }, 'entry point', '["docker-entrypoint.sh"]', '["postgres"]'],
    [{ Entrypoint: null }, 'entry point', '["docker-entrypoint.sh"]', '[]'],
    [
      { Volumes: { '/var/lib/postgresql/data': {} } },
      'volumes',
      '/var/lib/postgresql',
      '/var/lib/postgresql/data',
    ],
    [{ Volumes: null }, 'volumes', '/var/lib/postgresql', ''],
    [{ ExposedPorts: { '5432/udp': {} } }, 'ports', '5432/tcp', '5432/udp'],
    [{ StopSignal: 'SIGTERM' }, 'stop signal', 'SIGINT', 'SIGTERM'],
    [{ StopSignal: null }, 'stop signal', 'SIGINT', 'SIGTERM'],
  ])('%j', (change, of, expected, found) => {
    expect(differences(postgres, { ...asExpected(postgres), ...change })).toEqual([{ of, expected, found }])
  })

  test('a variable that is listed has its value, and others are the image’s own affair', () => {
    const Env = ['LANG=C', 'OTHER=1']
    expect(differences(postgres, { ...asExpected(postgres), Env })).toEqual([
      { of: 'PGDATA', expected: '/var/lib/postgresql/18/docker', found: '(not set)' },
      { of: 'LANG', expected: 'en_US.utf8', found: 'C' },
    ])
    const image = { ...postgres, environment: { OPTIONS: 'a=1 b=2' } }
    expect(differences(image, { ...asExpected(image), Env: ['OPTIONS=a=1 b=2'] })).toEqual([])
  })

  test('an image without a USER line is not one that names root', () => {
    const nats = officialImage('nats')
    expect(differences(nats, { ...asExpected(nats), User: '0:0' })).toHaveLength(1)
  })

  test('the order of ports and volumes says nothing', () => {
    const image = { ...postgres, ports: ['443/udp', '80/tcp'], volumes: ['/b', '/a'] }
    const found = { ExposedPorts: { '80/tcp': {}, '443/udp': {} }, Volumes: { '/a': {}, '/b': {} } }
    expect(differences(image, { ...asExpected(image), ...found })).toEqual([])
  })
})

describe('an image made here', () => {
  test('is the official one with the user’s number, but for what it says itself', () => {
    const { expected, why } = imageMadeHere('prometheus')
    expect(expected).toEqual({ ...officialImage('prometheus'), userLine: undefined, environment: {} })
    expect(why).toBeUndefined()
  })

  test('that is another on purpose says why', () => {
    const { expected, why } = imageMadeHere('postgres')
    expect(expected).toMatchObject({
      user: '999:999',
      volumes: ['/var/lib/postgresql'],
      stopSignal: 'SIGINT',
    })
    expect(why).toContain('root')
  })
})

describe('what an engine prints', () => {
  test('of an image is its configuration', () => {
    const Config = {
      User: 'nobody',
      Entrypoint: ['/bin/prometheus'],
      Volumes: { '/prometheus': {} },
      Cmd: null,
    }
    expect(parseInspect(JSON.stringify([{ Id: 'sha256:1', Config }]))).toEqual(Config)
  })

  test.each(['[]', '[{}]', '[{"Config":{"User":1}}]', '{}'])('%s is refused', (text) => {
    expect(() => parseInspect(text)).toThrow()
  })

  test.each([
    ['Error response from daemon: no such image: a:1: No such image: a:1', 'not here'],
    ['Error: a:1: image not known', 'not here'],
    [
      'Cannot connect to the Docker daemon at unix:///var/run/docker.sock.',
      'not compared: Cannot connect to the Docker daemon at unix:///var/run/docker.sock.',
    ],
  ])('%s', (stderr, outcome) => {
    expect(absence(stderr)).toBe(outcome)
  })
})

test.each([
  ['a registry without it', 'time="…" level=debug msg="…"\nmanifest unknown', 'has no such tag'],
  [
    'an older client, asking a registry without it',
    'time="…" level=debug msg="continuing on error (errcode.Errors) manifest unknown: manifest unknown"\nno such manifest: docker.io/library/a:1',
    'has no such tag',
  ],
  ['podman', 'Error: reading manifest 1 in docker.io/library/a: manifest unknown', 'has no such tag'],
  [
    'no network',
    'time="…" level=debug msg="endpoints for docker.io/library/a:1: […]"\nfailed to configure transport: lookup registry-1.docker.io: no such host',
    'no answer: failed to configure transport: lookup registry-1.docker.io: no such host',
  ],
  [
    'a proxy that does not let it through',
    'time="…" level=debug msg="continuing on error (*client.UnexpectedHTTPResponseError) error parsing HTTP 403 response body"\nno such manifest: docker.io/library/a:1',
    'no answer: error parsing HTTP 403 response body',
  ],
  [
    'a registry that has had enough',
    'time="…" level=debug msg="not continuing on error (errcode.Errors) toomanyrequests: pull rate limit"\ntoomanyrequests: pull rate limit',
    'no answer: toomanyrequests: pull rate limit',
  ],
])('the answer of %s', (_whom, stderr, answer) => {
  expect(refusal(stderr)).toBe(answer)
})

describe('the exit code', () => {
  const good: Checked = {
    name: 'a',
    image: 'registry.invalid/a',
    tag: '1',
    registry: 'has it',
    local: 'as expected',
    differences: [],
  }

  test.each<[string, Partial<Checked>[], number]>([
    ['all is as expected', [{}, {}], 0],
    ['only what is here was compared', [{ registry: 'not asked' }], 0],
    ['one image differs', [{}, { local: 'differs' }], 1],
    ['one tag is missing', [{ registry: 'has no such tag' }, {}], 1],
    [
      'one tag is missing and another was not asked for',
      [{ registry: 'has no such tag' }, { registry: 'no answer: x' }],
      1,
    ],
    ['a registry did not answer', [{}, { registry: 'no answer: x' }], 3],
    ['an image is not here', [{}, { local: 'not here' }], 3],
    ['an image could not be compared', [{ local: 'not compared: x' }], 3],
    ['there was nothing to ask', [], 3],
  ])('when %s', (_when, changes, code) => {
    expect(verdict(changes.map((change) => ({ ...good, ...change })))).toBe(code)
  })
})

test.each<[Partial<Record<keyof OfficialImage, unknown>>, RegExp]>([
  [{ image: 'library/nats' }, /registry/],
  [{ image: 'nats' }, /registry/],
  [{ ports: [4222] }, /ports/],
  [{ ports: ['4222'] }, /PORT\/tcp/],
  [{ volumes: ['data'] }, /volumes/],
  [{ seen: { where: 'somewhere', date: 'recently' } }, /date/],
  [{ seen: undefined }, /seen/],
])('deploy/images.json may not say %j', (change, message) => {
  const { error } = imageSchema.safeParse({ ...officialImage('nats'), ...change })
  expect(error?.message).toMatch(message)
})
