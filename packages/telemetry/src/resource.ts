import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { PbfWriter } from 'pbf'
import { writeAttribute } from './otlp/attributes.ts'

export type ResourceAttributes = Readonly<Record<string, string | number | boolean>>

export interface ResourceOptions {
  readonly serviceName: string
  readonly serviceVersion: string | undefined
  readonly serviceInstanceId: string | undefined
  readonly attributes: ResourceAttributes
}

/** What all telemetry of this process says about its origin. */
export function createResource(options: ResourceOptions): ResourceAttributes {
  const { serviceName, serviceVersion, serviceInstanceId, attributes } = options
  return {
    'host.name': hostname(),
    'process.pid': process.pid,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.name': 'faultline',
    'service.instance.id': randomUUID(),
    ...attributes,
    'service.name': serviceName,
    ...(serviceVersion === undefined ? {} : { 'service.version': serviceVersion }),
    ...(serviceInstanceId === undefined ? {} : { 'service.instance.id': serviceInstanceId }),
  }
}

/** The resource as the encoded `Resource` message. */
export function encodeResource(resource: ResourceAttributes): Uint8Array {
  const pbf = new PbfWriter()
  for (const [key, value] of Object.entries(resource)) writeAttribute(pbf, 1, key, value)
  return pbf.finish().slice()
}

/** Resource attributes that profiles carry: Pyroscope makes each one a label of the series. */
const PROFILE_ATTRIBUTES = new Set([
  'service.name',
  'service.namespace',
  'service.version',
  'service.instance.id',
  'deployment.environment.name',
])

export interface ProfileAttributes {
  readonly resourceAttributes: ResourceAttributes
  readonly sampleAttributes: Readonly<Record<string, string>>
}

/** The part of a resource that goes with profiles, and the part that also stands on every sample. */
export function profileAttributes(resource: ResourceAttributes): ProfileAttributes {
  const resourceAttributes = Object.fromEntries(
    Object.entries(resource).filter(([key]) => PROFILE_ATTRIBUTES.has(key)),
  )
  return {
    resourceAttributes,
    sampleAttributes: {
      'service.name': String(resource['service.name']),
      service_instance_id: String(resource['service.instance.id']),
    },
  }
}
