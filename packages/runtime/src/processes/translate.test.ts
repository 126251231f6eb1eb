import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aModel, aPort as port, aService as service } from '../../test/fixtures/services.ts'
import { locateByFile, Translator } from './translate.ts'

const OFFSET = 2_000

const edge = service('edge', {
  ports: [port('http', 8080, 9000), port('https', 8443)],
  expose: [7_000],
  mounts: [
    { type: 'bind', source: '/repository/backends/caddy', target: '/etc/caddy' },
    { type: 'volume', source: 'edge', target: '/data/caddy' },
    { type: 'volume', source: 'data', target: '/data' },
  ],
})
const services = [
  edge,
  service('gateway', { ports: [port('http', 8081), port('admin', 9081)] }),
  service('gateway-migrate'),
  service('loki', { ports: [port('http', 3100)], expose: [9095] }),
]
const model = aModel(services, ['tempo'])
const translator = (root?: string) =>
  new Translator(edge, {
    model,
    locate: locateByFile(model, OFFSET),
    offset: OFFSET,
    ...(root === undefined ? {} : { root }),
  })

describe('addresses', () => {
  it.each([
    ['gateway:8081', '127.0.0.1:10081'],
    ['http://gateway:9081/readyz', 'http://127.0.0.1:11081/readyz'],
    ['postgres://edge:edge@loki:3100/edge', 'postgres://edge:edge@127.0.0.1:5100/edge'],
    ['http://gateway:8081,http://loki:3100', 'http://127.0.0.1:10081,http://127.0.0.1:5100'],
    ['loki:9095', '127.0.0.1:11095'],
    ['0.0.0.0', '127.0.0.1'],
    ['-host=0.0.0.0', '-host=127.0.0.1'],
    ['0.0.0.0:8080', '127.0.0.1:11000'],
    ['0.0.0.0:7000', '127.0.0.1:9000'],
    ['http://127.0.0.1:9000/x', 'http://127.0.0.1:11000/x'],
    ['http://localhost:8443', 'http://localhost:10443'],
    ['http://host.docker.internal:4318', 'http://127.0.0.1:4318'],
  ])('%s becomes %s', (told, becomes) => {
    expect(translator().text(told)).toBe(becomes)
  })

  it.each([
    'gateway',
    'edge-1',
    'my-gateway:8081',
    'example.gateway:8081',
    'gateway_service:8081',
    '10.0.0.0:8080',
    'http://127.0.0.1:65000',
    'tempo:3200',
    'localhost,127.0.0.1,edge,gateway',
  ])('%s stays', (told) => {
    expect(translator().text(told)).toBe(told)
  })

  it.each(['gateway:1234', '0.0.0.0:8081', 'gateway-migrate:80'])(
    '%s is a port that nobody declares: an error with the place',
    (told) => {
      expect(() => translator().text(told)).toThrow(/docker-compose\.yml:7: service edge is given/)
    },
  )
})

describe('bare ports', () => {
  it('move in variables that end in PORT: own ones, others’ and published ones', () => {
    const moved = translator().variables({
      EDGE_HTTP_PORT: '8080',
      UPSTREAM_ADMIN_PORT: '9081',
      UPSTREAM_EXPOSED_PORT: '9095',
      PUBLISHED_PORT: '9000',
      EXPORT: 'yes',
      RETRIES: '8080',
      OTHER_PORT: '1',
    })
    expect(moved).toEqual({
      EDGE_HTTP_PORT: '11000',
      UPSTREAM_ADMIN_PORT: '11081',
      UPSTREAM_EXPOSED_PORT: '11095',
      PUBLISHED_PORT: '11000',
      EXPORT: 'yes',
      RETRIES: '8080',
      OTHER_PORT: '1',
    })
  })

  it('move after a port option, and in one', () => {
    expect(
      translator().words(['--port', '8080', '-port=8443', '-c', 'port=8080', '--workers', '8080']),
    ).toEqual(['--port', '11000', '-port=10443', '-c', 'port=11000', '--workers', '8080'])
  })
})

describe('paths', () => {
  it.each([
    ['/etc/caddy/Caddyfile', 'etc/caddy/Caddyfile'],
    ['--config=/etc/caddy/Caddyfile', '--config=etc/caddy/Caddyfile'],
    ['/data/caddy', 'data/caddy'],
    ['/data', 'data'],
    ['/data/caddy,/data/other', 'data/caddy,data/other'],
    ['/database', '/database'],
    ['/etc/passwd', '/etc/passwd'],
    ['http://loki:3100/data', 'http://127.0.0.1:5100/data'],
    ['/srv/data', '/srv/data'],
  ])('%s becomes %s', (told, becomes) => {
    expect(translator().text(told)).toBe(becomes)
  })

  it('are below a root with a space where the program starts elsewhere', () => {
    expect(translator('/my kit/root/edge').text('/data/x')).toBe('/my kit/root/edge/data/x')
  })

  it('of a root that looks like a mount are not taken for one', () => {
    expect(translator('/data/kit').text('/data/x')).toBe('/data/kit/data/x')
  })
})

it('leaves text alone that names no service, listener or mount', () => {
  const harmless = fc
    .string({ unit: 'grapheme-ascii' })
    .filter(
      (text) => !/edge|gateway|loki|tempo|0\.0\.0\.0|127\.0\.0\.1|localhost|docker|\/data|\/etc/.test(text),
    )
  fc.assert(
    fc.property(harmless, (text) => {
      expect(translator().text(text)).toBe(text)
    }),
  )
})
