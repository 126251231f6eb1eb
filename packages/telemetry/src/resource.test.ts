import { afterEach, describe, expect, it, vi } from 'vitest'
import { createResource } from './resource.ts'

describe('resource', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  it('takes the option over the environment', () => {
    vi.stubEnv('OTEL_SERVICE_NAME', '')
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'service.name=listed,service.instance.id=a-1,team=env,note=a%2Cb')
    expect(createResource({}, {}).attributes).toMatchObject({
      'service.name': 'listed',
      'service.instance.id': 'a-1',
      team: 'env',
      note: 'a,b',
      'telemetry.sdk.name': 'opentelemetry',
      'telemetry.distro.name': 'faultline',
    })
    const options = { serviceName: 'code', serviceVersion: '1.2', resourceAttributes: { team: 'code' } }
    expect(createResource(options, { OTEL_SERVICE_INSTANCE_ID: 'b-1' }).attributes).toMatchObject({
      'service.name': 'code',
      'service.version': '1.2',
      'service.instance.id': 'b-1',
      team: 'code',
    })
  })

  it('says nothing of command lines', () => {
    expect(Object.keys(createResource({}, {}).attributes).filter((key) => key.includes('command'))).toEqual(
      [],
    )
  })

  it('asks the detectors that are named, below what code says', async () => {
    const env = { OTEL_NODE_RESOURCE_DETECTORS: 'all' }
    const resource = createResource({ serviceName: 'code', serviceInstanceId: 'a-1' }, env)
    await resource.waitForAsyncAttributes?.()
    expect(resource.attributes).toMatchObject({
      'service.name': 'code',
      'service.instance.id': 'a-1',
      'os.type': expect.any(String),
      'process.executable.path': expect.any(String),
    })
    const none = createResource({}, { OTEL_NODE_RESOURCE_DETECTORS: 'none' })
    expect(none.attributes).not.toHaveProperty('os.type')
  })

  it('draws an instance id where none is given', () => {
    const id = () => createResource({}, {}).attributes['service.instance.id']
    expect(id()).toMatch(/^[\da-f-]{36}$/)
    expect(id()).not.toBe(id())
  })
})
