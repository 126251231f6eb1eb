import type { PublicService } from '@faultline/contracts'
import { loadConfig } from '@faultline/service-kit'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { upstreamsOf, urlVariables, variables } from './config.ts'

const services: PublicService[] = [
  { name: 'catalog', operations: {} },
  { name: 'waiting-list', operations: {} },
]
const schema = z.object({ NATS_URL: variables.NATS_URL, ...urlVariables(services) })
const env = { NATS_URL: 'nats://127.0.0.1:4222', CATALOG_URL: 'http://one:8082, http://two:8083' }

it('every service behind the gateway has an address, or one for each replica', () => {
  const config = loadConfig(schema, { ...env, WAITING_LIST_URL: 'http://list:8090/' })
  expect(upstreamsOf(config, services)).toEqual([
    { service: services[0], origins: ['http://one:8082', 'http://two:8083'] },
    { service: services[1], origins: ['http://list:8090'] },
  ])
})

it('a missing address is named together with what else is wrong, and the way out', () => {
  expect(() => loadConfig(schema, { ...env, NATS_URL: 'x' })).toThrow(
    'configuration is wrong:\n' +
      '  NATS_URL: is not a NATS URL. Set it to the URL of the broker, for example NATS_URL=nats://127.0.0.1:14222\n' +
      '  WAITING_LIST_URL: is not set. Set it to the URL of waiting-list, or those of its replicas, separated ' +
      'by commas, for example WAITING_LIST_URL=http://waiting-list:8080',
  )
})

it('the addresses of the public services are among the variables of the gateway', () => {
  expect(() => loadConfig(z.object(variables), {})).toThrow(/CATALOG_URL: .*BOOKING_URL: .*TICKETING_URL: /s)
})
