import { expect, test } from 'vitest'
import { endpointsOf, LOAD_PORTS, requireAddresses, type ServiceName } from './endpoints.ts'
import { PROXIES, SERVICES } from './generated/topology.ts'

/** Every port of the kit at an address of its own. */
const ALL = Object.fromEntries(
  Object.entries(SERVICES).flatMap(([service, ports]) =>
    Object.entries(ports).map(([name, port]) => [`${service}/${name}`, `127.0.0.1:${port + 20_000}`]),
  ),
)
const without = (...services: readonly ServiceName[]) =>
  Object.fromEntries(
    Object.entries(ALL).filter(([name]) => !services.some((one) => name.startsWith(`${one}/`))),
  )
const lack = (missing: string) => `there is no ${missing}`

test('every endpoint is a URL at the address of its port', () => {
  expect(endpointsOf(ALL, [], lack)).toMatchObject({
    edge: `http://${ALL['edge/http']}`,
    edgeTls: `https://${ALL['edge/https']?.replace('127.0.0.1', 'localhost')}`,
    catalogAdmin: [`http://${ALL['catalog-1/admin']}`, `http://${ALL['catalog-2/admin']}`],
    nats: `nats://${ALL['nats/nats']}`,
    postgres: `postgres://postgres:postgres@${ALL['postgres/postgres']}/box_office`,
    grafana: `http://${ALL['grafana/http']}`,
  })
})

test('those that were asked for are given, and nothing else is needed for them', () => {
  const { 'loki/http': loki = '' } = ALL
  expect(endpointsOf({ 'loki/http': loki }, ['loki'], lack)).toEqual({ loki: `http://${loki}` })
})

test('Grafana is optional, alone and among all', () => {
  expect(endpointsOf(without('grafana'), [], lack)).not.toHaveProperty('grafana')
  expect(endpointsOf({}, ['grafana'], lack)).toEqual({})
})

test('what has no address is named, the first few by name', () => {
  const refusal = (message: string) => expect.objectContaining({ exitCode: 3, message })
  expect(() => endpointsOf(without('catalog-2'), ['catalog', 'loki'], lack)).toThrow(
    refusal('there is no catalog-2/http'),
  )
  expect(() =>
    endpointsOf({}, ['booking', 'nats', 'payments', 'pager', 'tempo', 'loki', 'catalog'], lack),
  ).toThrow(refusal('there is no booking/http, nats/nats, payments/http, pager/http, tempo/http and 3 more'))
  expect(() => requireAddresses(without('collector'), LOAD_PORTS, lack)).toThrow(
    refusal('there is no collector/otlp-http'),
  )
})

test('a proxy has the name of the port that Toxiproxy listens on for it', () => {
  const listening = Object.entries(PROXIES).map(([name, { listen }]) => [name, listen])
  expect(SERVICES.toxiproxy).toMatchObject(Object.fromEntries(listening))
})
