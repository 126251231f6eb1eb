/**
 * Configuration that people copy has loopback defaults, so that it runs without a variable set. Where a default is an
 * address or a port, it is what docker-compose.yml gives the service that mounts the file, as seen from this machine.
 */
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mountedFiles, REPOSITORY, type RenderedService, rendered } from './rendered.ts'

type Services = ReadonlyMap<string, RenderedService>

/** The collector's `${env:NAME:-default}`, the backends' `${NAME:-default}`, Caddy's `{$NAME:default}`. */
const DEFAULT = /\$\{(?:env:)?(?<name>\w+):-(?<value>[^}]*)\}|\{\$(?<caddy>\w+):(?<its>[^}]*)\}/g

/** Where a port of a service is on this machine; undefined where the service has none of that number. */
function onThisMachine({ ports = [], expose = [] }: RenderedService, port: number): number | undefined {
  const published = ports.find(({ target }) => target === port)?.published
  if (published !== undefined) return Number(published)
  return expose.includes(String(port)) ? port : undefined
}

/** What a service is given, as whoever runs its program on this machine would say it. */
function asPlainProcess(value: string, own: RenderedService, services: Services): string {
  if (/^\d+$/.test(value)) {
    // its own first; the edge is given a port of its upstream without the name
    const all = [own, ...services.values()]
    const port = all.map((service) => onThisMachine(service, Number(value))).find((one) => one !== undefined)
    return String(port ?? value)
  }
  const pattern = new RegExp(
    `(?<![\\w.-])(0\\.0\\.0\\.0|${[...services.keys()].join('|')})(?::(\\d+))?\\b`,
    'g',
  )
  return value.replaceAll(pattern, (address, host: string, port: string | undefined) => {
    if (port === undefined) return host === '0.0.0.0' ? '127.0.0.1' : address
    return `127.0.0.1:${onThisMachine(services.get(host) ?? own, Number(port))}`
  })
}

const isAddress = (name: string, value: string): boolean =>
  /^(?:[a-z]+:\/\/)?(?:127\.0\.0\.1|localhost)\b/.test(value) || (/PORT$/.test(name) && /^\d+$/.test(value))

test('a default that is an address is what the compose file says, on loopback', async () => {
  const services = await rendered()
  // mounts the files to see whether they can be read
  const readers = [...services].filter(([name]) => name !== 'kit')
  const defaults = readers.flatMap(([service, own]) =>
    mountedFiles(own).flatMap(({ path, text }) =>
      [...text.matchAll(DEFAULT)].map(({ groups = {} }) => {
        const name = groups.name ?? groups.caddy ?? ''
        const given = own.environment?.[name]
        return {
          where: `${path}: ${name} of ${service}`,
          name,
          value: groups.value ?? groups.its ?? '',
          expected: typeof given === 'string' ? asPlainProcess(given, own, services) : 'nothing',
        }
      }),
    ),
  )
  const addresses = defaults.filter(
    ({ name, value, expected }) => isAddress(name, value) || isAddress(name, expected),
  )
  const files = new Set(addresses.map(({ where }) => where.split(':')[0]))
  expect([...files].sort()).toEqual([
    'backends/caddy/Caddyfile',
    'backends/loki/loki.yaml',
    'backends/pyroscope/pyroscope.yaml',
    'backends/tempo/tempo.yaml',
    'collector/collector.yaml',
  ])
  expect(addresses.filter(({ value, expected }) => value !== expected)).toEqual([])
})

test('a port that a service listens on by default, or gives as an example, is what the compose file says', async () => {
  const services = [...(await rendered()).values()]
  const portsOf = (some: readonly RenderedService[]) =>
    some.flatMap(({ ports = [] }) => ports.map(({ published }) => published))
  const wrong: string[] = []
  let found = 0
  for await (const file of glob('services/*/src/{main,app,config}.ts', { cwd: REPOSITORY })) {
    const main = file.replace(/\w+\.ts$/, 'main.ts')
    const own = services.filter(({ command }) => command?.includes(main))
    const text = await readFile(join(REPOSITORY, file), 'utf8')
    const check = (pattern: RegExp, known: readonly (string | undefined)[]) => {
      for (const [where, port] of text.matchAll(pattern)) {
        found += 1
        if (!known.includes(port)) wrong.push(`${file}: ${where}`)
      }
    }
    check(/\b(?:port|adminPort): (\d+)/g, portsOf(own))
    check(/127\.0\.0\.1:(\d+)/g, portsOf(services))
  }
  expect(wrong).toEqual([])
  expect(found).toBeGreaterThan(0)
})
