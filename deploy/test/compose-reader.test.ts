// biome-ignore-all lint/suspicious/noTemplateCurlyInString: compose writes its variables so
/** The kit's reader of compose files reads what compose itself reads. */
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type ComposeService, readComposeFiles } from '@faultline/runtime'
import { describe, expect, test } from 'vitest'
import { movedPorts, OVERLAYS, REPOSITORY, type RenderedService, rendered } from './rendered.ts'

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, µs: 0.001 }

function byReader(service: ComposeService) {
  const { image, tag, ports, mounts, dependsOn, stopSignal } = service
  const { command, environment, expose, profiles, stopGraceMs, isTask } = service
  return {
    image: tag === '' ? image : `${image}:${tag}`,
    ports: ports.map(({ name, target, published, protocol }) => `${name} ${published}:${target}/${protocol}`),
    mounts: mounts.map(({ type, source, target }) => `${type} ${source}:${target}`),
    dependsOn: dependsOn.toSorted(),
    ...{ command, environment, expose, profiles, stopSignal, stopGraceMs, isTask },
  }
}

function byCompose(service: RenderedService): ReturnType<typeof byReader> {
  const { environment = {}, ports = [], expose = [], volumes = [], depends_on = {} } = service
  const grace = String(service.stop_grace_period ?? '10s')
  // as compose reads what it writes
  const text = (escaped: string): string => escaped.replaceAll('$$', () => '$')
  return {
    image: service.image,
    ports: ports.map(
      ({ name, target, published = target, protocol }) => `${name} ${published}:${target}/${protocol}`,
    ),
    mounts: volumes.map(({ type, source, target }) => `${type} ${source}:${target}`),
    dependsOn: Object.keys(depends_on).toSorted(),
    command: (service.command ?? []).map(text),
    environment: Object.fromEntries(
      Object.entries(environment).flatMap(([name, value]) => (value === null ? [] : [[name, text(value)]])),
    ),
    expose: expose.map(Number),
    profiles: service.profiles ?? [],
    stopSignal: service.stop_signal as NodeJS.Signals | undefined,
    stopGraceMs: [...grace.matchAll(/([\d.]+)(h|ms|m|s|µs)/g)].reduce(
      (sum, [, number, unit = '']) => sum + Number(number) * (UNIT_MS[unit] ?? Number.NaN),
      0,
    ),
    isTask: service.restart === 'no',
  }
}

async function expectSame(overlays: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const files = ['docker-compose.yml', ...overlays].map((file) => resolve(REPOSITORY, file))
  const environment = { ...process.env, OTLP_ENDPOINT: 'http://otlp.example.com', ...variables }
  const { services } = await readComposeFiles(files, environment)
  const composed = await rendered(overlays, variables)
  expect(Object.fromEntries([...services].map(([name, service]) => [name, byReader(service)]))).toEqual(
    Object.fromEntries([...composed].map(([name, service]) => [name, byCompose(service)])),
  )
}

describe.each([...Object.entries(OVERLAYS), ['of plain processes', ['deploy/processes.yml']] as const])(
  'the files %s',
  (_name, overlays) => {
    test('as they are', () => expectSame(overlays))

    test('with ports moved and variables set', () =>
      expectSame(overlays, {
        ...movedPorts(2000),
        FAULTLINE_SELINUX: '1',
        FAULTLINE_BIND: '0.0.0.0',
        NO_PROXY: 'example.com',
      }))
  },
)

describe('overlays of other people', () => {
  test.each([
    [
      'variables',
      'x: { image: "x:${TAG:-1}${SET:+-${SET}}", command: "echo \'$$A b\' $SET", environment: [SET, UNSET, A=$$$SET] }',
    ],
    [
      'scalars',
      'x: { image: x, environment: { A: 1, B: true, C: , D: "", E: no, F: -5, G: 0.25 }, command: }',
    ],
    [
      'durations',
      'x: { image: x, stop_grace_period: 1m30.5s, stop_signal: SIGQUIT, restart: no }, y: { image: y, stop_grace_period: 1h250ms }',
    ],
    [
      'mounts',
      'x: { image: x, volumes: ["./a:/a:ro,z", "../b:/b/", "/c:/c/../d", { type: bind, source: e, target: /e }, "nats:/n"] }',
    ],
    [
      'commands',
      'x: { image: x, command: "run --a \'b c\' \\"d e\\"f g=" }, y: { image: y, command: "" }, z: { image: z, command: [] }',
    ],
    [
      'merged services',
      'loki: { command: , environment: { LOKI_DATA_DIR: , NO_PROXY: a }, expose: ["9095", 9096, "9097"], profiles: [p], depends_on: [nats], volumes: ["./x:/loki/"], stop_grace_period: , ports: [{ name: again, target: 3100, published: "3100", host_ip: 127.0.0.1 }, { name: other, target: 3101 }] }',
    ],
    [
      'tags',
      'loki: { command: !reset [x], environment: { NO_PROXY: !reset x, GOMEMLIMIT: !override 1MiB }, expose: !override [1], depends_on: !reset {}, volumes: !override ["./x:/x"], ports: !reset [] }, k6: !reset null',
    ],
    [
      'merge keys',
      'x: &x { image: x, environment: &e { A: 1, B: 1 }, expose: [1] }, y: { <<: *x, environment: { B: 2, <<: [{ A: 3, C: 3 }, *e] } }',
    ],
  ])('%s', async (_name, services) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'faultline-compose-reader-'))
    const overlay = join(folder.path, 'overlay.yml')
    await writeFile(overlay, `services: { ${services} }\n`)
    await expectSame([overlay], { SET: 'set' })
  })
})
