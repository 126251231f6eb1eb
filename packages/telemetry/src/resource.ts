import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import {
  defaultResource,
  detectResources,
  envDetector,
  hostDetector,
  osDetector,
  processDetector,
  type Resource,
  type ResourceDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources'
import { defined, type Environment, readList, readString } from './environment.ts'
import type { FaultlineOptions } from './options.ts'

/** The SDK's detectors by their names in `OTEL_NODE_RESOURCE_DETECTORS`. */
const DETECTORS: Readonly<Record<string, ResourceDetector>> = {
  host: hostDetector,
  os: osDetector,
  process: processDetector,
  serviceinstance: serviceInstanceIdDetector,
}

/**
 * What all telemetry of this process says about its origin: what the SDK and `OTEL_RESOURCE_ATTRIBUTES` say, and
 * over it what code says. The SDK's detectors of process and host stay out unless they are asked for: command lines
 * may hold secrets.
 */
export function createResource(options: FaultlineOptions, env: Environment): Resource {
  const { serviceName, serviceVersion, serviceInstanceId, resourceAttributes } = options
  return defaultResource()
    .merge(
      resourceFromAttributes({
        'host.name': hostname(),
        'process.pid': process.pid,
        'process.runtime.name': 'nodejs',
        'process.runtime.version': process.versions.node,
        'telemetry.distro.name': 'faultline',
        'service.instance.id': randomUUID(),
      }),
    )
    .merge(detectResources({ detectors: [...namedDetectors(env), envDetector] }))
    .merge(
      resourceFromAttributes({
        ...defined({ 'service.instance.id': readString(env, 'OTEL_SERVICE_INSTANCE_ID') }),
        ...resourceAttributes,
        ...defined({
          'service.name': serviceName,
          'service.version': serviceVersion,
          'service.instance.id': serviceInstanceId,
        }),
      }),
    )
}

function namedDetectors(env: Environment): ResourceDetector[] {
  const names = readList(env, 'OTEL_NODE_RESOURCE_DETECTORS') ?? []
  const wanted = names.includes('all') ? Object.keys(DETECTORS) : names
  return wanted.flatMap((name) => (Object.hasOwn(DETECTORS, name) ? (DETECTORS[name] ?? []) : []))
}
