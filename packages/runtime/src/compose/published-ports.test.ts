import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { movePublishedPorts, readPublishedPorts } from './published-ports.ts'

const FILE = `
x-host: &host { host_ip: "\${FAULTLINE_BIND:-127.0.0.1}" }
services:
  edge: &edge
    image: caddy
    ports:
      - { name: https, <<: *host, target: 8443, published: "\${FAULTLINE_PORT_EDGE_TLS:-8443}" }
      - { name: http3, <<: *host, target: 8443, published: "\${FAULTLINE_PORT_EDGE_TLS:-8443}", protocol: udp }
  task:
    image: busybox
  again:
    <<: *edge
    image: other
  loki:
    ports: [{ name: http, target: 3100, published: "\${FAULTLINE_PORT_LOKI:-3200}", protocol: tcp }]
`

let folder = ''
let file = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultline ports '))
  file = join(folder, 'docker-compose.yml')
  await writeFile(file, FILE)
})
afterEach(() => rm(folder, { recursive: true }))

const published = async (environment: NodeJS.Dict<string>) =>
  (await readPublishedPorts(file, environment)).map((port) => `${port.service} ${port.published}`)

test('ports are those of the file, of what is merged into a service too', async () => {
  const edge = { container: 8443, variable: 'FAULTLINE_PORT_EDGE_TLS', default: 8443, published: 8443 }
  expect(await readPublishedPorts(file, {})).toEqual([
    { service: 'edge', name: 'https', protocol: 'tcp', ...edge },
    { service: 'edge', name: 'http3', protocol: 'udp', ...edge },
    { service: 'again', name: 'https', protocol: 'tcp', ...edge },
    { service: 'again', name: 'http3', protocol: 'udp', ...edge },
    {
      service: 'loki',
      name: 'http',
      protocol: 'tcp',
      container: 3100,
      variable: 'FAULTLINE_PORT_LOKI',
      default: 3200,
      published: 3200,
    },
  ])
})

test('a variable counts where it is set: in the environment, else in .env; empty is not set', async () => {
  await writeFile(join(folder, '.env'), 'FAULTLINE_PORT_LOKI=4001\nFAULTLINE_PORT_EDGE_TLS=4002\n')
  expect(await published({ FAULTLINE_PORT_LOKI: '4003' })).toContain('loki 4003')
  expect(await published({ FAULTLINE_PORT_LOKI: '' })).toContain('loki 3200')
  expect(await published({})).toEqual(['edge 4002', 'edge 4002', 'again 4002', 'again 4002', 'loki 4001'])
})

test.each(['0', '65536', '-1', '80-90', 'x'])('a variable that is set to %s is refused', async (value) => {
  await expect(published({ FAULTLINE_PORT_LOKI: value })).rejects.toThrow(
    expect.objectContaining({
      exitCode: 2,
      message: expect.stringContaining(`FAULTLINE_PORT_LOKI is "${value}", which is no port: unset it`),
    }),
  )
})

test.each([
  ['in the short form', '"127.0.0.1:3100:3100"'],
  ['without a variable', '{ name: http, target: 3100, published: "3100" }'],
  ['without a default', `{ name: http, target: 3100, published: "\${FAULTLINE_PORT_LOKI}" }`],
  ['without a name', `{ target: 3100, published: "\${FAULTLINE_PORT_LOKI:-3100}" }`],
])('a port %s is refused with its service', async (_what, port) => {
  await writeFile(file, `services: { loki: { ports: [${port}] } }`)
  await expect(published({})).rejects.toThrow(
    expect.objectContaining({
      exitCode: 2,
      message: expect.stringContaining('a port of loki cannot be moved'),
    }),
  )
})

test.each([
  ['is not there', undefined],
  ['is no YAML', 'a: [\n'],
  ['has no services', 'volumes: {}'],
])('a compose file that %s is said so', async (_what, text) => {
  if (text === undefined) await rm(file)
  else await writeFile(file, text)
  await expect(published({})).rejects.toThrow(
    expect.objectContaining({ exitCode: 3, message: expect.stringContaining(file) }),
  )
})

test('what would be refused afterwards is refused before anything is written', async () => {
  const before = await readdir(dirname(file))
  await expect(movePublishedPorts(file, '20', { FAULTLINE_PORT_LOKI: 'x' })).rejects.toThrow(
    'which is no port',
  )
  expect(await readdir(dirname(file))).toEqual(before)
})

test('two ports that would have one number are named', async () => {
  const port = (name: string, at: number) =>
    `${name}: { ports: [{ name: http, target: ${at}, published: "\${FAULTLINE_PORT_${name.toUpperCase()}:-${at}}" }] }`
  await writeFile(file, `services: { ${port('loki', 3100)}, ${port('tempo', 3200)} }`)
  const { warnings } = await movePublishedPorts(file, '20', { FAULTLINE_PORT_LOKI: '3220' })
  expect(warnings).toContainEqual(
    expect.stringMatching(/^3220 \(loki, http\), 3220 \(tempo, http\): the same number/),
  )
})
