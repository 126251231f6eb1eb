/** Names of the kit's services, ports and proxies as types; docker-compose.yml decides what there is. */
import { PROXIES, type REPLICAS, SERVICES } from './generated/topology.ts'

export { PROXIES, REPLICAS, SERVICES } from './generated/topology.ts'

/** A service of docker-compose.yml, or one that only plain processes have. */
export type ServiceName = keyof typeof SERVICES

/** A named TCP port of a service. */
export type PortOf<Service extends ServiceName> = keyof (typeof SERVICES)[Service] & string

/** A port of the kit, such as `gateway/admin`. */
export type AddressName = { [Service in ServiceName]: `${Service}/${PortOf<Service>}` }[ServiceName]

/** A `service.name` of telemetry; its replicas are services of their own. */
export type OtelServiceName = keyof typeof REPLICAS

/** A proxy of Toxiproxy: what faults of the network are put on. */
export type ProxyName = keyof typeof PROXIES

/** Where the ports of the parts that run answer on this machine: `HOST:PORT` by {@link AddressName}. */
export type Addresses = Readonly<Record<string, string>>

export const PROXY_NAMES = Object.keys(PROXIES) as readonly ProxyName[]

/** The port of a service that has a number in a container; undefined where none has. */
export function addressName(service: string, target: number): AddressName | undefined {
  const ports: Readonly<Record<string, number>> = service in SERVICES ? SERVICES[service as ServiceName] : {}
  const name = Object.keys(ports).find((port) => ports[port] === target)
  return name === undefined ? undefined : (`${service}/${name}` as AddressName)
}
