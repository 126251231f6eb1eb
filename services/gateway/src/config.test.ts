import type { PublicService } from '@faultline/contracts'
import { expect, it } from 'vitest'
import { loadGatewayConfig } from './config.ts'

const services: PublicService[] = [
  { name: 'catalog', operations: {} },
  { name: 'waiting-list', operations: {} },
]
const env = {
  PORT: '8081',
  ADMIN_PORT: '9081',
  DATABASE_URL: 'postgres://u:p@127.0.0.1/box_office',
  NATS_URL: 'nats://127.0.0.1:4222',
  CATALOG_URL: 'http://one:8082, http://two:8083',
}

it('every service behind the gateway has an address, or one for each replica', () => {
  const { upstreams } = loadGatewayConfig({ ...env, WAITING_LIST_URL: 'http://list:8090/' }, services)
  expect(upstreams).toEqual([
    { service: services[0], origins: ['http://one:8082', 'http://two:8083'] },
    { service: services[1], origins: ['http://list:8090'] },
  ])
})

it('a missing address is named together with what else is wrong, and the way out', () => {
  expect(() => loadGatewayConfig({ ...env, PORT: 'x' }, services)).toThrow(
    'configuration is wrong:\n' +
      '  PORT: is not a port number. Set it to the port of the API, for example PORT=8081\n' +
      '  WAITING_LIST_URL: is not set. Set it to the URL of waiting-list, or those of its replicas, separated ' +
      'by commas, for example WAITING_LIST_URL=http://waiting-list:8080',
  )
})

it('the public services are asked for when none are given', () => {
  expect(() => loadGatewayConfig({})).toThrow(/CATALOG_URL: .*BOOKING_URL: .*TICKETING_URL: /s)
})
