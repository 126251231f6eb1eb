export { REPOSITORY_ROOT } from '@faultline/toolchain'
export { movePublishedPorts, type PublishedPort, readPublishedPorts } from './compose/published-ports.ts'
export { allReady, ComposeRuntime, connectCompose } from './compose/runtime.ts'
export { readComposeFiles } from './compose-file/read.ts'
export type { ComposeService } from './compose-file/service.ts'
export { connectRuntime, SupervisorClient } from './control/client.ts'
export { down, forceDown } from './down.ts'
export type {
  Addresses,
  AddressName,
  Endpoints,
  OtelServiceName,
  PortOf,
  ProxyName,
  ServiceName,
} from './endpoints.ts'
export { ExitCode, environmentLacks, messageOf, StackError, wrongUse } from './errors.ts'
export { REPLICAS, SERVICES } from './generated/topology.ts'
export { type Launched, type LaunchOptions, launch } from './launch.ts'
export { loadScenarios } from './load.ts'
export { logFile } from './logs.ts'
export { MAX_PORT_OFFSET, parsePortOffset } from './ports.ts'
export { identify } from './process.ts'
export { programSchema } from './processes/parts.ts'
export type {
  ComponentStatus,
  LoadOptions,
  LoadResult,
  Runtime,
} from './runtime.ts'
export { COMPOSE_FOLDER, defaultStateDir, stateLayout } from './state/layout.ts'
export { type ComponentRecord, type Milestones, readState, type StackState } from './state/state-file.ts'
export { lowSpace, makeFolder, takeOver } from './state/storage.ts'
