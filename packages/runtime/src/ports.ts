import { wrongUse } from './errors.ts'

/** Every port of the kit before the offset; all listen on loopback only. */
export const BASE_PORTS = {
  edge: 8080,
  edgeTls: 8443,
  edgeMetrics: 2019,
  gateway: 8081,
  gatewayAdmin: 9081,
  catalog1: 8082,
  catalog1Admin: 9082,
  catalog2: 8083,
  catalog2Admin: 9083,
  booking: 8084,
  bookingAdmin: 9084,
  payments: 8085,
  paymentsAdmin: 9085,
  paymentProvider: 8086,
  paymentProviderAdmin: 9086,
  ticketing: 8087,
  ticketingAdmin: 9087,
  postgres: 5432,
  // one above the usual one, which a machine's own Redis has
  valkey: 6380,
  nats: 4222,
  natsMonitor: 8222,
  toxiproxy: 8474,
  proxyCatalog1: 18082,
  proxyCatalog2: 18083,
  proxyBooking: 18084,
  proxyPayments: 18085,
  proxyPaymentProvider: 18086,
  proxyTicketing: 18087,
  proxyNats: 14222,
  proxyValkey: 16380,
  proxyPostgres: 15432,
  collectorOtlpGrpc: 4317,
  collectorOtlpHttp: 4318,
  collectorHealth: 13133,
  collectorMetrics: 8888,
  prometheus: 9090,
  loki: 3100,
  lokiGrpc: 9095,
  tempo: 3200,
  tempoOtlpHttp: 14318,
  tempoGrpc: 9096,
  tempoMemberlist: 7947,
  pyroscope: 4040,
  pyroscopeGrpc: 9097,
  pyroscopeRaft: 9099,
  pyroscopeMemberlist: 7948,
  grafana: 3000,
  ready: 8090,
  pager: 9093,
} as const

export type PortName = keyof typeof BASE_PORTS
export type PortTable = Readonly<Record<PortName, number>>

export const HIGHEST_PORT = 65_535

/** An offset with which no port is one that the kit has without. */
export const OFFSET_BESIDE = 2000

/** Largest offset that keeps ports in range. */
export const maxOffset = (ports: readonly number[]): number => HIGHEST_PORT - Math.max(...ports)

/** Largest offset that keeps every port of the kit in range. */
export const MAX_PORT_OFFSET = maxOffset(Object.values(BASE_PORTS))

/**
 * Reads a port offset as given in `FAULTLINE_PORT_OFFSET` or `--port-offset`; one that is not given is 0.
 * @throws StackError (wrong use) when it is not a whole number from 0 to {@link MAX_PORT_OFFSET}.
 */
export function parsePortOffset(text: string | undefined): number {
  return text === undefined || text.trim() === '' ? 0 : portOffset(text, MAX_PORT_OFFSET)
}

/**
 * Reads a port offset.
 * @throws StackError (wrong use) when it is not a whole number from 0 to the largest one.
 */
export function portOffset(text: string, largest: number): number {
  if (/^\d+$/.test(text) && Number(text) <= largest) return Number(text)
  throw wrongUse(
    `port offset must be a whole number from 0 to ${largest}, above which a port would be higher than ${HIGHEST_PORT}; got "${text}"`,
  )
}

/** The port table moved by one offset. */
export function portsAt(offset: number): PortTable {
  const entries = Object.entries(BASE_PORTS).map(([name, port]) => [name, port + offset])
  return Object.fromEntries(entries) as PortTable
}
