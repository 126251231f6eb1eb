// biome-ignore-all lint/suspicious/noTemplateCurlyInString: compose writes its variables so
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { StackError } from '../errors.ts'
import { type ComposeModel, readComposeFiles } from './read.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultline-compose-file-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Reads texts as 1.yml and 2.yml. */
async function read(...texts: readonly string[]): Promise<ComposeModel> {
  const files = texts.map((_, index) => join(folder, `${index + 1}.yml`))
  for (const [index, file] of files.entries()) await writeFile(file, texts[index] ?? '')
  return readComposeFiles(files, { EMPTY: '' })
}

/** What reading them ends with. */
async function problem(...texts: readonly string[]): Promise<string> {
  const error = await read(...texts).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error === undefined) return 'no problem'
  if (!(error instanceof StackError)) throw error
  expect(error.exitCode).toBe(2)
  return error.message.replaceAll(`${folder}/`, '')
}

/** A file with lines of a service `a`, of which the first is line 4. */
const lines = (...text: readonly string[]): string =>
  ['services:', '  a:', '    image: a', ...text.map((line) => `    ${line}`)].join('\n')

describe('a line of a service', () => {
  test.each([
    ['command: [1]', 'service a.command: must be a list of texts, or one text'],
    ['command: a | b', 'service a.command: cannot be split into words: write it as a list'],
    ['command: a "b', 'service a.command: cannot be split into words: write it as a list'],
    ['environment: { A: [1] }', 'service a.environment.A: must be text, a number or a boolean'],
    ['environment: [1]', 'service a.environment: Invalid input: expected record, received array'],
    ['environment: 5', 'service a.environment: Invalid input: expected record, received number'],
    [
      'environment: { A: 010 }',
      'services.a.environment.A: 010 is read as 10: write that, or put it in quotes',
    ],
    [
      'environment: { A: 1.0 }',
      'services.a.environment.A: 1.0 is read as 1: write that, or put it in quotes',
    ],
    [
      'environment: { A: True }',
      'services.a.environment.A: True is read as true: write that, or put it in quotes',
    ],
    ['environment: { 1: a }', 'the key 1 must be text: put it in quotes'],
    ['ports: ["80"]', 'the port 80 has no name: write { name: NAME, target: 80, published: "80" }'],
    ['ports: [80]', 'the port 80 has no name: write { name: NAME, target: 80, published: "80" }'],
    [
      'ports: ["127.0.0.1:8080:80/tcp"]',
      'the port 127.0.0.1:8080:80/tcp has no name: write { name: NAME, target: 80, published: "8080" }',
    ],
    ['ports: [{ target: 80 }]', 'service a.ports.0.name: must be there, as this port is known by it'],
    ['ports: [{ name: x, target: 70000 }]', 'service a.ports.0.target: must be a port, 1 to 65535'],
    [
      'ports: [{ name: x, target: 1, published: "80-81" }]',
      'service a.ports.0.published: must be a port, 1 to 65535',
    ],
    [
      'ports: [{ name: x, target: 1, protocol: sctp }]',
      'service a.ports.0.protocol: Invalid option: expected one of "tcp"|"udp"',
    ],
    ['ports: [{ name: x, target: 1, host: 1 }]', 'service a.ports.0: Unrecognized key: "host"'],
    ['ports:', 'service a.ports: Invalid input: expected array, received null'],
    ['expose: [x]', 'service a.expose.0: must be a port, 1 to 65535'],
    ['volumes: ["/data"]', 'the volume /data must be SOURCE:TARGET or SOURCE:TARGET:MODE'],
    ['volumes: ["./a:/b:"]', 'the volume ./a:/b: must be SOURCE:TARGET or SOURCE:TARGET:MODE'],
    ['volumes: ["a:/b"]', 'the volume a:/b must be SOURCE:TARGET or SOURCE:TARGET:MODE'],
    ['volumes: ["aa:/b:ro:z"]', 'the volume aa:/b:ro:z must be SOURCE:TARGET or SOURCE:TARGET:MODE'],
    ['volumes: ["./a:b"]', 'service a.volumes.0.target: must be an absolute path'],
    [
      'volumes: ["vol:/v"]',
      'service a.volumes.0: no volume vol is among those at the top of the files; a folder begins with ./',
    ],
    [
      'volumes: [{ type: tmpfs, target: /a }]',
      'service a.volumes.0.type: Invalid option: expected one of "bind"|"volume"',
    ],
    ['depends_on: [b]', 'service a.depends_on.b: there is no service b'],
    ['depends_on: { b: }', 'service a.depends_on.b: Invalid input: expected object, received null'],
    [
      'depends_on: { b: {} }',
      'service a.depends_on.b.condition: Invalid option: expected one of "service_started"|"service_healthy"|"service_completed_successfully"',
    ],
    [
      'depends_on: { b: { condition: service_blah, required: false } }',
      'service a.depends_on.b.condition: Invalid option',
    ],
    ['command: ["a\\0"]', 'service a.command.0: must hold no NUL'],
    ['environment: { A: "a\\0" }', 'service a.environment.A: must hold no NUL'],
    ['environment: { "A=B": a }', 'service a.environment: has a name that no variable can have'],
    ['environment: ["=a"]', 'service a.environment: has a name that no variable can have'],
    ['volumes: ["./a:/"]', 'service a.volumes.0.target: must be a path below /'],
    ['volumes: ["../a/../../b:/b", "../c:/b/c"]', 'service a.volumes.1: /b/c is below /b, which is mounted'],
    [
      'volumes: [{ type: volume, source: ../b, target: /b }]',
      'service a.volumes.0.source: is no name of a volume',
    ],
    ['depends_on: [a]', 'dependencies go in a circle: a → a'],
    ['x-needs: { A: b }', 'service a.x-needs.A: there is no service b'],
    ['x-flushes-to: [b]', 'service a.x-flushes-to.0: there is no service b'],
    ['x-stands-in-for: { b: [] }', 'service a.x-stands-in-for.b: there is no service b'],
    ['stop_signal: INT', 'service a.stop_signal: must be a signal such as SIGINT'],
    ['stop_grace_period: 30', 'service a.stop_grace_period: must be a duration such as 30s or 1m30s'],
    ['restart: maybe', 'service a.restart: must be "no", always, unless-stopped or on-failure'],
    [
      'stop_signal: ${A}',
      'services.a.stop_signal: the variable A has no value: set it, or write ${A:-} where it may be empty',
    ],
    ['stop_signal: ${A:?a signal}', 'services.a.stop_signal: the variable A must be set: a signal'],
    ['stop_signal: *none', 'the alias *none leads to no anchor above it'],
    ['command: &c [*c]', 'the alias *c leads back to itself'],
    ['<<: a', 'the merge key << takes a mapping, or a list of mappings'],
    ['expose: !first [1]', 'the tag !first is not supported'],
    ['expose: [!reset 1]', '!reset has no effect here'],
    ['expose: [1', 'not valid YAML'],
    ['environment: !override { A: !reset 1 }', '!reset has no effect here'],
    ['image: b', 'not valid YAML: Map keys must be unique'],
  ])('%s', async (line, message) => {
    const [first = '', ...others] = (await problem(lines(line))).split('\n')
    expect(first).toContain(`1.yml:4: ${message}`)
    expect(others.filter((other) => !other.startsWith('1.yml:4:'))).toEqual([])
  })
})

describe('a file', () => {
  test.each([
    ['services: []', '1.yml:1: there must be services, as a mapping with at least one of them'],
    ['', '1.yml:1: there must be services, as a mapping with at least one of them'],
    ['services:\n  a: { image: a }\n---\n', '1.yml:3: a file may hold one YAML document only'],
    ['services:\n  a:\n', '1.yml:2: service a: Invalid input: expected object, received null'],
    ['services:\n  a: { profiles: [] }\n', '1.yml:2: service a.image: must be there'],
    [
      'services:\n  a: { image: ":2" }\n',
      '1.yml:2: service a.image: ":2" names no image: write it as REPOSITORY:TAG',
    ],
    [
      'services:\n  a: { image: "a:" }\n',
      '1.yml:2: service a.image: "a:" names no image: write it as REPOSITORY:TAG',
    ],
    [
      'services:\n  a: { image: "" }\n',
      '1.yml:2: service a.image: "" names no image: write it as REPOSITORY:TAG',
    ],
    [
      'services:\n  a: { image: a, depends_on: [b] }\n  b:\n    image: b\n    depends_on: [c]\n  c: { image: c, depends_on: [d, b] }\n  d: { image: d }',
      '1.yml:5: dependencies go in a circle: b → c → b',
    ],
    [
      'x-a: &a { expose: !reset [] }\nservices:\n  a: { image: a, <<: *a }',
      '1.yml:1: !reset has no effect here: it takes a key out of a mapping, and not by way of an alias',
    ],
    [
      'services:\n  a: { image: a, depends_on: { b: { condition: service_completed_successfully } } }\n  b: { image: b }',
      '1.yml:2: service a.depends_on.b: waits for the end of b, which never ends (restart: "no" makes a task of it)',
    ],
    ['[]', '1.yml:1: the file must be a mapping, as in the files before; !override replaces it'],
  ])('%j', async (text, message) => {
    expect(await problem(text)).toBe(message)
  })

  test('that does without a service which it does not require', async () => {
    const { services } = await read(
      lines('depends_on: { b: { condition: service_started, required: false } }'),
    )
    expect(services.get('a')?.dependsOn).toEqual([])
  })

  test.each(['..', '../../b', '', '-x', 'a b', 'a\\n', '__proto__', 'x'.repeat(101), 'supervisor'])(
    'with a service whose name is no name of a file: "%s"',
    async (name) => {
      expect(await problem(`services:\n  "${name}": { image: a }`)).toMatch(
        /^1\.yml:2: services: ".*" is .*: take up to 100 letters, digits, "\.", "_" and "-"/,
      )
    },
  )

  test('whose aliases make far more of it than it holds', async () => {
    const level = (from: string, to: string): string => `  ${to}: &${to} [${`*${from},`.repeat(10)}]`
    const names = [...'abcdefghijkl']
    const bomb = ['x-bomb:', '  a: &a [1]', ...names.slice(1).map((to, at) => level(names[at] ?? '', to))]
    expect(await problem([...bomb, lines()].join('\n'))).toBe(
      '1.yml:1: its aliases make more than 100000 values of it',
    )
    const merged = names
      .slice(1)
      .map(
        (to, at) =>
          `  ${to}: &${to} { <<: [*${names[at]}, *${names[at]}], l: *${names[at]}, m: *${names[at]} }`,
      )
    expect(await problem(['x-bomb:', '  a: &a { k: 1 }', ...merged, lines()].join('\n'))).toBe(
      '1.yml:1: its aliases make more than 100000 values of it',
    )
  })

  test('with many ways from one service to another', async () => {
    const layers = Array.from({ length: 40 }, (_, at) => [`a${at}`, `b${at}`])
    const services = layers.flatMap((layer, at) =>
      layer.map((name) => `  ${name}: { image: a, depends_on: [${layers[at - 1] ?? ''}] }`),
    )
    expect(await problem(['services:', ...services].join('\n'))).toBe('no problem')
  })

  test('whose port another service publishes, on this machine and with the same protocol', async () => {
    const port = (protocol: string): string =>
      `ports:\n      - { name: x, target: 1, published: 5, protocol: ${protocol} }`
    const a = `services:\n  a:\n    image: a\n    ${port('tcp')}\n  b:\n    image: b\n    `
    const message =
      '1.yml:9: service b publishes 5/tcp, as service a does (1.yml:5): give one of them another number'
    expect(await problem(a + port('tcp'))).toBe(message)
    expect(await problem(a + port('udp'))).toBe('no problem')
    expect(await problem(`${a}profiles: [p]\n    ${port('tcp')}`)).toBe('no problem')
  })

  test('with keys that are not supported: they are named, with those that are and those that are left out', async () => {
    const text = `${lines('env_file: x', 'networks: [n]')}\nnetworks: { n: }`
    const [top, first, second, rest = ''] = (await problem(text)).split('\n')
    const notSupported = 'which is not supported without containers'
    expect(top).toBe(`1.yml:6: the file has the key networks, ${notSupported}`)
    expect(first).toBe(`1.yml:4: service a has the key env_file, ${notSupported}`)
    expect(second).toBe(`1.yml:5: service a has the key networks, ${notSupported}`)
    expect(rest).toMatch(
      /^Of a service, supported are image, command, .*; without meaning and left out are .* build, /,
    )
    const overlay = 'services: { a: { env_file: !reset x, networks: !reset [] } }\nnetworks: !reset {}'
    expect(await problem(text, overlay)).toBe('no problem')
  })

  test('whose anchors bring what is wrong to several services: every problem once', async () => {
    const text = 'x-a: &a\n  image: a\n  stop_signal: INT\n  expose: [x]\nservices: { a: *a, b: { <<: *a } }'
    expect((await problem(text)).split('\n').toSorted()).toEqual([
      '1.yml:3: service a.stop_signal: must be a signal such as SIGINT',
      '1.yml:3: service b.stop_signal: must be a signal such as SIGINT',
      '1.yml:4: service a.expose.0: must be a port, 1 to 65535',
      '1.yml:4: service b.expose.0: must be a port, 1 to 65535',
    ])
    const alias = 'x-a: &a\n  image: ${A}\nservices: { a: *a, b: { <<: *a } }'
    expect((await problem(alias)).split('\n')).toHaveLength(2)
  })

  test('that says in another form what one before it says', async () => {
    const message = (kind: string): string =>
      `must be a ${kind}, as in the files before; !override replaces it`
    expect(await problem(lines('expose: [1]'), lines('expose: 2'))).toBe(
      `2.yml:4: services.a.expose ${message('list')}`,
    )
    expect(await problem(lines('environment: { A: 1 }'), lines('environment: A'))).toBe(
      `2.yml:4: services.a.environment ${message('mapping')}`,
    )
    expect(await problem('services: { a: { image: a } }', 'services:\n  a: []')).toBe(
      `2.yml:2: services.a ${message('mapping')}`,
    )
  })

  test('that is not there, or cannot be read', async () => {
    const readFile = (file: string) => readComposeFiles([join(folder, file)], {})
    await expect(readFile('none.yml')).rejects.toMatchObject({
      message: `there is no compose file ${join(folder, 'none.yml')}: check its name`,
      exitCode: 2,
    })
    await expect(readFile('.')).rejects.toMatchObject({
      message: expect.stringMatching(/^cannot read .*EISDIR.*: change its owner or mode$/),
      exitCode: 3,
    })
  })
})
