import type { Executable } from '../component.ts'
import type { ManagedComponent } from '../managed-component.ts'
import type { ComponentStatus } from '../runtime.ts'
import type { Tool } from '../tool.ts'
import type { ComponentRecord } from './state-file.ts'

/** What state.json says of a component. */
export function componentRecord(component: ManagedComponent, stopWave: number): ComponentRecord {
  const { definition, life, child } = component
  return {
    name: definition.name,
    kind: definition.kind,
    state: life.state,
    ...(child === undefined ? {} : { process: child.identity }),
    since: component.since.toISOString(),
    restarts: life.restarts,
    ...detailOf(component),
    ...executableOf(component.executable),
    ports: definition.ports.map(({ port }) => port),
    stopWave,
    stopSignal: definition.stop.signal,
    stopTimeoutMs: definition.stop.timeoutMs,
  }
}

/** What state.json says of a binary that no component runs. */
export function toolRecord(tool: Tool): ComponentRecord {
  return {
    name: tool.name,
    kind: 'tool',
    state: tool.state,
    since: tool.since.toISOString(),
    restarts: 0,
    ...detailOf(tool),
    ...executableOf(tool.executable),
    ports: [],
    stopWave: 0,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 0,
  }
}

/** A record as `Runtime.status()` gives it. */
export function statusOf(record: ComponentRecord): ComponentStatus {
  return {
    name: record.name,
    state: record.state,
    ...(record.process === undefined ? {} : { pid: record.process.pid }),
    since: record.since,
    restarts: record.restarts,
    ...(record.detail === undefined ? {} : { detail: record.detail }),
    ...(record.version === undefined ? {} : { version: record.version }),
    ...(record.binary === undefined ? {} : { binary: record.binary }),
  }
}

function detailOf(from: {
  detail: string | undefined
  lacking: string | undefined
}): Partial<ComponentRecord> {
  return {
    ...(from.detail === undefined ? {} : { detail: from.detail }),
    ...(from.lacking === undefined ? {} : { lacking: from.lacking }),
  }
}

function executableOf(executable: Executable | undefined): Partial<ComponentRecord> {
  if (executable === undefined) return {}
  return { version: executable.version, binary: executable.path, source: executable.source }
}
