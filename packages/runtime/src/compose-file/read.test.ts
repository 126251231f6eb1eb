// biome-ignore-all lint/suspicious/noTemplateCurlyInString: compose writes its variables so
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ComposeModel, readComposeFiles } from './read.ts'
import type { ComposeService } from './service.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultline-compose-file-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Reads texts as the files 1.yml, 2.yml and so on. */
async function read(...texts: readonly string[]): Promise<ComposeModel> {
  const files = texts.map((_, index) => join(folder, `${index + 1}.yml`))
  for (const [index, file] of files.entries()) await writeFile(file, texts[index] ?? '')
  return readComposeFiles(files, { SET: 'set', PORT: '8080', EMPTY: '' })
}

/** The service `a` of files that each say a part of it, as entries of a mapping in flow style. */
async function service(...parts: readonly string[]): Promise<ComposeService> {
  const texts = parts.map(
    (part) => `services: { a: { image: a, ${part} }, b: { image: b } }\nvolumes: { vol: , wol: }`,
  )
  const found = (await read(...texts)).services.get('a')
  if (found === undefined) throw new Error('there is no service a')
  return found
}

test('a service that says nothing but its image', async () => {
  expect(await service('')).toEqual({
    name: 'a',
    at: { file: join(folder, '1.yml'), line: 1 },
    image: 'a',
    tag: '',
    command: [],
    environment: {},
    ports: [],
    expose: [],
    mounts: [],
    dependsOn: [],
    profiles: [],
    stopGraceMs: 10_000,
    isTask: false,
    needs: {},
    flushesTo: [],
    standsInFor: {},
  })
})

describe('what is written', () => {
  test.each([
    ['docker.io/library/caddy:2.11.7', 'docker.io/library/caddy', '2.11.7'],
    ['localhost:5000/kit', 'localhost:5000/kit', ''],
    ['localhost:5000/kit:local', 'localhost:5000/kit', 'local'],
    ['caddy:2@sha256:0123abcd', 'caddy', '2'],
  ])('image %s', async (text, image, tag) => {
    const { services } = await read(`services: { a: { image: "${text}" } }`)
    expect(services.get('a')).toMatchObject({ image, tag })
  })

  test.each([
    ['[run, "--a b", ""]', ['run', '--a b', '']],
    ['run  --a "b c" \'d "e"\' f=" g"h', ['run', '--a', 'b c', 'd "e"', 'f= gh']],
    ['"echo $$HOME ${SET}"', ['echo', '$HOME', 'set']],
    ['[]', []],
    ['', []],
  ])('command %s', async (text, command) => {
    expect((await service(`command: ${text}`)).command).toEqual(command)
  })

  test.each([
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['1s500us', 1000.5],
  ])('stop_grace_period %s', async (text, ms) => {
    expect((await service(`stop_grace_period: ${text}`)).stopGraceMs).toBe(ms)
  })

  test('stop_signal and restart', async () => {
    expect(await service('stop_signal: SIGINT, restart: "no"')).toMatchObject({
      stopSignal: 'SIGINT',
      isTask: true,
    })
    expect(await service('restart: no')).toMatchObject({ isTask: true })
    expect(await service('restart: on-failure:3')).toMatchObject({ isTask: false })
  })

  test('environment as a mapping or a list; what has no value comes from the variables', async () => {
    const environment = { A: '1', B: 'true', C: 'x=y', D: '', SET: 'set' }
    const written = [
      '{ A: 1, B: true, C: x=y, D: "", SET: , UNSET: }',
      '[A=1, B=true, C=x=y, D=, SET, UNSET]',
    ]
    for (const text of written)
      expect((await service(`environment: ${text}`)).environment).toEqual(environment)
  })

  test('ports, and the number on this machine where none is written', async () => {
    const ports =
      '{ name: x, target: 80, published: "${PORT}" }, { name: y, target: "53", protocol: udp, host_ip: ::1 }'
    expect(await service(`ports: [${ports}], expose: [1, "2"]`)).toMatchObject({
      ports: [
        { name: 'x', target: 80, published: 8080, protocol: 'tcp' },
        { name: 'y', target: 53, published: 53, protocol: 'udp' },
      ],
      expose: [1, 2],
    })
  })

  test('mounts: relative paths start from the folder of the first file', async () => {
    const short = '"./x:/a:ro,z", "../x:/b/", "/x:/c:rw", "~/x:/d", "vol:/e"'
    const long =
      '{ type: bind, source: x, target: /f, read_only: true }, { type: volume, source: wol, target: /g }'
    expect((await service(`volumes: [${short}, ${long}]`)).mounts).toEqual([
      { type: 'bind', source: join(folder, 'x'), target: '/a' },
      { type: 'bind', source: join(folder, '../x'), target: '/b' },
      { type: 'bind', source: '/x', target: '/c' },
      { type: 'bind', source: join(homedir(), 'x'), target: '/d' },
      { type: 'volume', source: 'vol', target: '/e' },
      { type: 'bind', source: join(folder, 'x'), target: '/f' },
      { type: 'volume', source: 'wol', target: '/g' },
    ])
  })

  test('dependencies, short and long, and the extensions', async () => {
    expect((await service('depends_on: [b]')).dependsOn).toEqual(['b'])
    const long = 'depends_on: { b: { condition: service_healthy, required: true } }'
    const extensions = 'x-needs: { B_URL: b }, x-flushes-to: [b, b], x-stands-in-for: { b: [B_PORT] }'
    expect(await service(`${long}, ${extensions}, profiles: [load]`)).toMatchObject({
      dependsOn: ['b'],
      profiles: ['load'],
      needs: { B_URL: 'b' },
      flushesTo: ['b'],
      standsInFor: { b: ['B_PORT'] },
    })
  })

  test('what has no meaning without containers is left out, variables and all', async () => {
    const keys = 'build: "${UNSET}", healthcheck: { retries: 1.0 }, mem_limit: 1e9, x-other: "${UNSET}"'
    expect(await service(keys)).toEqual(await service(''))
    const { services } = await read(
      'name: kit\nversion: "3"\nx-other: ${UNSET}\nservices: { a: { image: a } }',
    )
    expect(services.size).toBe(1)
  })
})

describe('anchors and merge keys', () => {
  test('own keys count before merged ones, of which the first counts', async () => {
    const { services } = await read(`
x-one: &one { A: one, B: one, C: one }
x-two: &two { A: two, D: two }
services:
  a: &a
    image: a
    environment: { B: own, <<: [*one, *two] }
    expose: &ports [1, 2]
  b:
    <<: *a
    image: b
    environment: { <<: { <<: *one, C: inner } }
`)
    expect(services.get('a')?.environment).toEqual({ A: 'one', B: 'own', C: 'one', D: 'two' })
    expect(services.get('b')).toMatchObject({
      image: 'b',
      environment: { A: 'one', B: 'one', C: 'inner' },
      expose: [1, 2],
      at: { line: 9 },
    })
  })

  test('an alias is what the last anchor of its name above it says', async () => {
    const { services } = await read(
      'x-a: &i one\nservices: { a: { image: *i }, b: { image: &i two }, c: { image: *i } }',
    )
    expect([...services.values()].map(({ image }) => image)).toEqual(['one', 'two', 'two'])
  })
})

describe('a later file', () => {
  test('replaces commands and single values, and what is null changes nothing', async () => {
    const first = 'command: [a, b], stop_signal: SIGINT, environment: { A: 1, SET: 1 }, expose: [1]'
    expect(await service(first, 'command: [c], stop_signal: SIGTERM')).toMatchObject({
      command: ['c'],
      stopSignal: 'SIGTERM',
    })
    expect(await service(first, 'stop_signal: , environment: , expose: ')).toEqual(await service(first))
    // but a command is that of the image then, and a variable that of the environment
    expect(await service(first, 'command: , environment: { A: , SET: }')).toMatchObject({
      command: [],
      environment: { SET: 'set' },
    })
  })

  test('merges mappings, which lists of texts are, too', async () => {
    const merged = await service(
      'environment: [A=1, B=1], depends_on: { b: { condition: service_started } }, x-needs: { A: b }',
      'environment: { B: 2, C: 2 }, depends_on: [b], x-needs: { B: b }',
    )
    expect(merged).toMatchObject({
      environment: { A: '1', B: '2', C: '2' },
      dependsOn: ['b'],
      needs: { A: 'b', B: 'b' },
    })
  })

  test('adds to lists what is not in them; ports and mounts take the place of their like', async () => {
    const port = (name: string, more: string): string => `{ name: ${name}, target: 1, ${more} }`
    const merged = await service(
      `expose: [1, 2], profiles: [p], volumes: ["vol:/v", "./x:/x"], ports: [${port('x', 'published: 5')}, ${port('y', 'published: 6')}]`,
      `expose: ["2", 3], profiles: [q, p], volumes: ["wol:/w", "./y:/x/"], ports: [${port('z', 'published: "5", host_ip: 0.0.0.0')}, ${port('u', 'published: 6, protocol: udp')}]`,
    )
    expect(merged).toMatchObject({ expose: [1, 2, 3], profiles: ['p', 'q'] })
    expect(merged.mounts.map(({ source, target }) => [source, target])).toEqual([
      ['vol', '/v'],
      [join(folder, 'y'), '/x'],
      ['wol', '/w'],
    ])
    expect(merged.ports.map(({ name, published, protocol }) => `${name} ${published}/${protocol}`)).toEqual([
      'z 5/tcp',
      'y 6/tcp',
      'u 6/udp',
    ])
  })

  test('takes out with !reset and replaces with !override, also what an alias leads to', async () => {
    const first = 'expose: [1], environment: { A: 1, B: 1 }, profiles: [p], entrypoint: x'
    const { expose, environment, profiles } = await service(
      first,
      'expose: !override [2], environment: { A: !reset null, C: 2 }, profiles: !reset ["${UNSET}"], entrypoint: !reset x',
    )
    expect({ expose, environment, profiles }).toEqual({
      expose: [2],
      environment: { B: '1', C: '2' },
      profiles: [],
    })
    const { services } = await read(
      'services: { a: { image: a, expose: [1] }, b: { image: b, expose: [1] } }',
      'x-five: &five { expose: !override [5] }\nservices: { a: { expose: &none !reset [] }, b: { expose: *none }, c: { image: c, expose: !reset [5] }, d: { image: d, <<: *five } }',
    )
    expect([...services.values()].map((each) => each.expose)).toEqual([[], [], [], [5]])
  })

  test('takes out whole services, and nobody waits for them any more', async () => {
    const others = 'depends_on: [a, c], x-flushes-to: [a, c], x-needs: { A: a }, x-stands-in-for: { a: [A] }'
    const first = `services: { a: { image: a }, b: { image: b, ${others} }, c: { image: c } }`
    const { services, removed } = await read(first, 'services: { a: !reset null, d: !reset null }')
    expect([...services.keys()]).toEqual(['b', 'c'])
    expect(removed).toEqual(new Set(['a']))
    expect(services.get('b')).toMatchObject({
      dependsOn: ['c'],
      flushesTo: ['c'],
      needs: { A: 'a' },
      standsInFor: { a: ['A'] },
    })
    const again = await read(first, 'services: { a: !reset null }', 'services: { a: { image: new } }')
    expect(again.removed.size).toBe(0)
    expect(again.services.get('a')?.image).toBe('new')
  })
})
