import type { Resource } from '@opentelemetry/resources'
import { PbfWriter } from 'pbf'
import { writeResource } from '../otlp/record-batch.ts'
import type { ProfileResource } from './profile-encoding.ts'

/** Resource attributes that profiles carry: Pyroscope makes each one a label of the series. */
const PROFILE_ATTRIBUTES = new Set([
  'service.name',
  'service.namespace',
  'service.version',
  'service.instance.id',
  'deployment.environment.name',
])

/** The part of a resource that goes with profiles, encoded, and the part that also stands on every sample. */
export function profileResource({ attributes }: Pick<Resource, 'attributes'>): ProfileResource {
  const listed = Object.entries(attributes).filter(([key]) => PROFILE_ATTRIBUTES.has(key))
  const pbf = new PbfWriter()
  writeResource({ attributes: Object.fromEntries(listed) }, pbf)
  return {
    resource: pbf.finish().slice(),
    sampleAttributes: {
      'service.name': String(attributes['service.name']),
      service_instance_id: String(attributes['service.instance.id']),
    },
  }
}
