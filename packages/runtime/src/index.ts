export { REPOSITORY_ROOT } from '@faultline/toolchain'
export { movePublishedPorts, type PublishedPort, readPublishedPorts } from './compose/published-ports.ts'
export { allReady, ComposeRuntime, connectCompose } from './compose/runtime.ts'
export { connectRuntime, SupervisorClient } from './control/client.ts'
export { type DownOptions, type DownResult, down, forceDown } from './down.ts'
export { ExitCode, messageOf, StackError } from './errors.ts'
export { type Launched, type LaunchOptions, launch } from './launch.ts'
export { loadScenarios } from './load.ts'
export { lastLines, logFile } from './logs.ts'
export { MAX_PORT_OFFSET, parsePortOffset } from './ports.ts'
export { lowSpace, makeFolder } from './preflight/storage.ts'
export type {
  ComponentState,
  ComponentStatus,
  Endpoints,
  LoadOptions,
  LoadResult,
  RestartOverrides,
  Runtime,
} from './runtime.ts'
export { COMPOSE_FOLDER, defaultStateDir, type StateLayout, stateLayout } from './state/layout.ts'
export { type ComponentRecord, type Milestones, readState, type StackState } from './state/state-file.ts'
export {
  type Addresses,
  type AddressName,
  type OtelServiceName,
  type PortOf,
  PROXIES,
  PROXY_NAMES,
  type ProxyName,
  REPLICAS,
  SERVICES,
  type ServiceName,
} from './topology.ts'
