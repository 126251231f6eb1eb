export { REPOSITORY_ROOT } from '@faultline/toolchain'
export { composeProxies } from './compose/proxies.ts'
export { movePublishedPorts, type PublishedPort, readPublishedPorts } from './compose/published-ports.ts'
export { allReady, ComposeRuntime, connectCompose } from './compose/runtime.ts'
export { connectRuntime, SupervisorClient } from './control/client.ts'
export { type DownOptions, type DownResult, down, forceDown } from './down.ts'
export { ExitCode, messageOf, StackError } from './errors.ts'
export { type Launched, type LaunchOptions, launch } from './launch.ts'
export { loadScenarios } from './load.ts'
export { lastLines, logFile } from './logs.ts'
export {
  BASE_PORTS,
  MAX_PORT_OFFSET,
  type PortName,
  type PortTable,
  parsePortOffset,
  portsAt,
} from './ports.ts'
export { PROXIES, PROXY_NAMES, type Proxy, type ProxyName } from './proxies.ts'
export type {
  ComponentState,
  ComponentStatus,
  Endpoints,
  LoadOptions,
  LoadResult,
  RestartOverrides,
  Runtime,
} from './runtime.ts'
export { defaultStateDir, type StateLayout, stateLayout } from './state/layout.ts'
export { type ComponentRecord, type Milestones, readState, type StackState } from './state/state-file.ts'
